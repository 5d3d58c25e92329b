/* One ring being read: its records become bundles, and its tail follows the answers. The agent's thread.
 *
 *   ring   [ answered, released | sealed, sent | sealed | open | not read yet ]
 *           ^ zeroed             ^ tail of the ring             ^ reader.next
 *
 * Where logs have an address of their own (OTLP) two bundles are open at a time, and the ring's tail is before the
 * first record that waits for either answer: an agent that is killed sends again what the other server had taken of the
 * rest. With a spool neither server keeps the other waiting; without one the ring holds what waits, and is full for
 * both.
 *
 * A bundle is sealed (given to the delivery) when it is large, or old, or when the ring is quiet; while one is on its
 * way small ones are not sealed, so a slow server gets few large requests. The tail also follows what was put into the
 * spool (delivery.h). At most AZM_FEED_AHEAD are sealed and neither answered nor kept there; then reading stops, the
 * ring fills, and its writer drops the newest. */
#pragma once

#include "agent/news.h"
#include "agent/routes.h"
#include "base/arena.h"
#include "os/map.h"
#include "ring/record.h"
#include "ring/ring.h"

#define AZM_FEED_AHEAD       2u
#define AZM_FEED_REQUEST     786432u /* bytes of a request's body, where api_request_size is not set: 768 kB */
#define AZM_FEED_REQUEST_MIN 1024u
#define AZM_FEED_REQUEST_MAX (16u << 20)
#define AZM_FEED_QUIET_US    20000 /* no record for so long: send what there is */
#define AZM_FEED_AGE_US                                                                                                \
    500000 /* and never keep one longer: it is to arrive within a second; or api_request_time,                         \
              where that is less */
#define AZM_FEED_STATUS_MAX 600u

/* The last request that was answered for good. */
struct azm_feed_answer {
    int64_t when_us; /* wall clock; 0: none yet */
    unsigned http_status;
    char said[160]; /* with it; empty: nothing */
};

/* Counters since this agent began to read the ring: events + taken_over = delivered + rejected + unsampled + unsendable
 * + malformed ones + lost + in_memory + in_spool. */
struct azm_feed_counts {
    uint64_t events;                       /* transactions read, and what else was made of them */
    uint64_t delivered, rejected;          /* events, by answers */
    uint64_t bytes_out, requests;          /* answered ones */
    uint64_t malformed;                    /* records that made no sense */
    uint64_t unsampled;                    /* events that their server does not want */
    uint64_t unsendable;                   /* events without a destination, or too large */
    uint64_t unknown;                      /* records of a kind that this version does not know */
    uint64_t skipped_bytes;                /* holes and damage */
    uint64_t lost[AZM_LOSS_COUNT];         /* events, that were in the spool */
    uint64_t in_memory;                    /* events that wait for an answer, at the moment */
    int64_t in_spool;                      /* and those that wait on disk; news may come in any order */
    uint64_t taken_over;                   /* events that an earlier agent left there */
    uint64_t spooled;                      /* events that were ever put into the spool */
    uint64_t answers[AZM_FEED_STATUS_MAX]; /* requests by HTTP status; [0]: not HTTP */
    struct azm_feed_answer last_answer[AZM_SIGNALS];
};

/* What goes to one address. */
struct azm_stream {
    struct azm_route *route; /* NULL: events are dropped */
    char unroutable[160];    /* why that is so */
    azm_slice source_record; /* names the destination, for whoever finds a batch in the spool */
    struct azm_bundle *open; /* or NULL */
    unsigned sealed;         /* bundles that are on their way */
};

/* What all feeds of an agent share. */
struct azm_feed_tools {
    struct azm_routes *routes;
    char record[AZM_RING_RECORD_MAX]; /* a copy: the ring's memory is not ours alone */
    struct azm_arena arena;           /* of one record */
    struct azm_buf spare;             /* of a body that was answered: the next one need not grow */
};

void azm_feed_tools_init(struct azm_feed_tools *tools, struct azm_routes *routes);
void azm_feed_tools_dispose(struct azm_feed_tools *tools);

struct azm_feed {
    struct azm_feed *next;
    struct azm_feed_tools *tools;
    char name[64]; /* of the file */
    struct azm_map *map;
    struct azm_ring_reader reader;
    bool dead, drained; /* its writer is; and nothing more will come */
    bool seen;          /* in the last scan of the folder */
    int64_t record_us, probe_us, beat_us;

    struct azm_source source; /* in force, over source_arena */
    struct azm_arena source_arena;
    size_t request_bytes; /* when a body is large enough */
    int64_t request_us;   /* when it is old enough */
    uint64_t source_from; /* records up to this position were answered before this agent began */
    bool has_source, told;
    struct azm_stream streams[AZM_SIGNALS]; /* logs and errors go with the first where they have no destination */
    struct azm_news news;

    struct azm_bundle *first, *last; /* in the order of their first records */
    uint64_t read_to;                /* position in the ring behind the last record that was read */
    uint64_t released_to;
    struct azm_feed_counts counts;
    uint64_t status_events, status_answers; /* as last written to the status file */
    int64_t status_us;
    bool status_ended;
};

/* NULL: err says why; AZM_MORE and AZM_BUSY: not ready yet, try again. */
struct azm_feed *azm_feed_open(const char *run_dir, const char *name, struct azm_feed_tools *tools, int64_t now_us,
                               struct azm_error *err);
/* Unmaps; what is not answered stays in the file. No delivery may still have a bundle of it. */
void azm_feed_close(struct azm_feed *feed);

/* Reads what is there, at most about a request's worth. True: there was something. */
bool azm_feed_read(struct azm_feed *feed, int64_t now_us);
/* Seals what should go now; everything when all is set. */
void azm_feed_flush(struct azm_feed *feed, int64_t now_us, bool all);
/* A bundle of this feed came back from its delivery, answered or kept. */
void azm_feed_answered(struct azm_feed *feed, struct azm_bundle *bundle);
/* Counts news of a batch in the spool. */
void azm_counts_settle(struct azm_feed_counts *counts, const struct azm_bundle *news);
/* Heartbeat, and whether the writer still lives. */
void azm_feed_tick(struct azm_feed *feed, int64_t now_us);
/* A line for the log: what became of its events. */
void azm_feed_sum_up(const struct azm_feed *feed);
/* The writer is dead and everything it left is answered, or in the spool: the file can go. */
bool azm_feed_finished(const struct azm_feed *feed);
