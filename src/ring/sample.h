/* One source and one transaction with every field set: for tests, the frozen file and the benchmark. */
#pragma once

#include "ring/record.h"

extern const struct azm_source azm_sample_source;
extern const struct azm_transaction azm_sample_transaction;
