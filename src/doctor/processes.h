/* The processes that are seen: one object each, from status files and rings (docs/STATUS.md, "Processes"). */
#pragma once

#include <jansson.h>
#include <stdbool.h>

struct azm_doctor_folder {
    const char *run_dir;
    bool agent_runs;
    bool spool_empty;
    json_t *report; /* problems of the folder go there */
};

/* A list, the newest process first. The caller's to release. */
json_t *azm_doctor_processes(const struct azm_doctor_folder *folder);
