/* One source, and transactions that set every field between them: for tests, the frozen file and the benchmark. */
#pragma once

#include "ring/record.h"

extern const struct azm_source azm_sample_source;
extern const struct azm_transaction azm_sample_transaction, azm_sample_message;
