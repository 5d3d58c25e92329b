/* The group of an error event of intake v2. */
#pragma once

#include "base/slice.h"

#include <jansson.h>

uint64_t azm_intake_error_group(const json_t *error, azm_slice service);
