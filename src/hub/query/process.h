/* What a process's metadata tells, for the answers. Inside src/hub/query only. */
#pragma once

#include "json/write.h"

/* language, runtime, cloud, and with_place: host and pid. agent is the process's own column, written as it is. */
void azm_process_answer(struct azm_json_writer *json, azm_slice agent, azm_slice metadata, bool with_place);
