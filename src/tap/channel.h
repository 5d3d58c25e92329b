/* The tap's end of the ring: its file in the run folder, the records, and the agent that should be reading them.
 * azm_channel_prepare and azm_channel_start_agent are slow and run as errands; the rest is for the relay's thread. */
#pragma once

#include <stdatomic.h>

#include "base/env.h"
#include "ring/record.h"
#include "ring/ring.h"

enum azm_channel_state { AZM_CHANNEL_CLOSED, AZM_CHANNEL_OPEN, AZM_CHANNEL_FAILED };

struct azm_channel {
    _Atomic int state; /* enum azm_channel_state; written by the errand, read by the relay */
    char run_dir[512];
    char ring_path[640];
    char agent_path[512]; /* of the azimuth executable beside the tap */
    struct azm_map *map;
    struct azm_lock *lock;
    struct azm_ring_writer writer;
    char record[AZM_RECORD_MAX];

    uint64_t last_beat;    /* the heartbeat word, as last seen, */
    int64_t beat_us;       /* and when it last changed */
    int64_t asked_us;      /* when an agent was last started; 0: never */
    unsigned asked;        /* how often without a beat in between */
    _Atomic int agent_pid; /* of the starter process, to be reaped; 0: none */
};

void azm_channel_init(struct azm_channel *channel, const char *program);
/* Errand: makes the run folder and the ring. On failure the state is FAILED, for good, and the reason is said in the
 * agent's log: that of the run folder, or of the default one where the run folder is at fault. */
void azm_channel_prepare(struct azm_channel *channel, const struct azm_env *env);
void azm_channel_dispose(struct azm_channel *channel);

void azm_channel_put_source(struct azm_channel *channel, const struct azm_source *source);
void azm_channel_put_transaction(struct azm_channel *channel, const struct azm_transaction *transaction);
void azm_channel_put_error(struct azm_channel *channel, const struct azm_error_event *error);
void azm_channel_put_log(struct azm_channel *channel, const struct azm_log_event *log);
/* One that is encoded already. */
void azm_channel_put_record(struct azm_channel *channel, enum azm_record_kind kind, azm_slice record);
void azm_channel_put_note(struct azm_channel *channel, azm_slice line);
void azm_channel_put_report(struct azm_channel *channel, const struct azm_report *report);
void azm_channel_put_info(struct azm_channel *channel, azm_slice line); /* nothing is wrong */
void azm_channel_count(struct azm_channel *channel, enum azm_ring_drop reason, uint64_t n);

/* True when nobody has looked after the ring for 2 s and it is time to (re)start an agent: at once the first time, then
 * after 2, 4, 8 ... 60 s without a beat. */
bool azm_channel_wants_agent(struct azm_channel *channel, int64_t now_us);
/* Errand: `azimuth agent --daemon` from the tap's own folder. */
void azm_channel_start_agent(struct azm_channel *channel);
