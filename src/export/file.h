/* Bodies to a file, one behind the other: NDJSON, for a user who wants to see the events, and for tests. */
#pragma once

#include "export/sender.h"

/* Appends to the file; "-" is standard output. NULL: err says why it cannot be opened. */
struct azm_sender *azm_file_sender_open(const char *path, struct azm_error *err);
