/* The agent: reads the rings of a run folder and brings their events to where each says. One per user and run folder.
 *
 * Threads: the caller's reads rings and never waits for a server; two per destination send and spool (delivery.h).
 * Rings are looked at every 5 ms while records come, and less often the longer they stay away (a quarter of that time,
 * 250 ms at most); the folder every 250 ms. It ends when nothing has been to do for a while, when the folder is
 * removed, on a request (os/daemon.h), or when a newer agent wants its place (handover.h); what is not answered by then
 * stays in the rings and the spool for the next one. */
#pragma once

#include <stdint.h>

#include "base/log.h"
#include "base/status.h"

#define AZM_AGENT_IDLE_S 600u /* the usual idle_us */

struct azm_agent_options {
    const char *run_dir;  /* private already; absolute */
    const char *output;   /* a file for everything, instead of servers; NULL for none */
    uint64_t spool_bytes; /* most that may wait on disk; 0: nothing is kept there */
    int64_t idle_us;      /* no living process and nothing sent for so long: end */
    enum azm_log_level log_level;
    bool log_to_stderr; /* beside agent.log */
};

/* Returns when the agent has ended. AZM_OK; AZM_BUSY: another agent works here, as it should; else err says why it
 * could not begin. */
enum azm_status azm_agent_run(const struct azm_agent_options *options, struct azm_error *err) AZM_MUST_CHECK;
