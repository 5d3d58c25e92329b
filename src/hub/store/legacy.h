/* Version 1 of the tables had one for each kind of event. What they hold goes into partitions. */
#pragma once

#include "hub/store/insert.h"

/* Moves in one transaction what is there, then drops the tables. AZM_OK when there is nothing to move. */
enum azm_status azm_legacy_move(struct azm_insert *insert, struct azm_error *err) AZM_MUST_CHECK;
