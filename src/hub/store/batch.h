/* What a request brought, on its way to the database: the events of one process, with that process's metadata.
 * Not locked: one owner at a time (the request fills it, the writer reads it, the request gets it back).
 * Whatever protocol they came by, events look the same here: their columns, and as raw the object of intake v2 that
 * holds all of it. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "trace/transaction.h"

enum azm_event_kind { AZM_EVENT_TRANSACTION, AZM_EVENT_SPAN, AZM_EVENT_ERROR, AZM_EVENT_LOG };

/* Absent text has len 0. All text and raw live in the batch's arena. */
struct azm_event {
    enum azm_event_kind kind;
    azm_slice trace_id, id, parent_id, transaction_id; /* logs have no id; hex as it came, lower case */
    azm_slice service;                                 /* of the event itself, else the metadata's */
    azm_slice name; /* errors: the exception's type, else the logger; logs: the logger */
    azm_slice type, subtype;
    azm_slice result;     /* logs and errors: the level */
    azm_slice message;    /* errors and logs: at most 1,024 characters */
    azm_slice trigger;    /* transactions: faas.trigger.type */
    azm_slice function;   /* transactions: faas.name */
    azm_slice invocation; /* transactions: faas.execution */
    azm_slice target;     /* spans: what is called, as context.destination.service.resource names it ("postgresql",
                             "orders:443", "azurequeue/in"); transactions: the queue it came from */
    azm_slice culprit;    /* errors */
    azm_slice operation;  /* errors: the name of their transaction */
    uint64_t group;       /* errors: equal for errors that are grouped; 0: not an error */
    int64_t start_us, duration_us;
    enum azm_outcome outcome;
    bool coldstart;
    unsigned status; /* HTTP's; 0: none */
    double weight;   /* how many it stands for: 1 / sample rate; 0: not known, counts as 1 */
    azm_slice words; /* more text to be found by, apart by spaces: path, statement, queue, user agent */
    const struct azm_pair *attributes; /* to be found by equality: labels and OpenTelemetry's attributes, as text */
    size_t attribute_count;
    size_t at;     /* of raw in the batch's block: azm_batch_pack */
    azm_slice raw; /* one JSON object: what intake v2 has behind "transaction", "span", "error", "log" */
};

/* One number of a metricset, or of an OTLP data point. Histograms and summaries come as their .count and .sum. */
struct azm_sample {
    azm_slice service, name, unit;
    azm_slice labels; /* a JSON object with sorted keys and text for values; len 0: none */
    int64_t time_us;
    double value;
};

struct azm_batch {
    struct azm_arena arena;
    struct azm_event *events;
    size_t count, cap;
    struct azm_sample *samples;
    size_t sample_count, sample_cap;
    size_t bytes; /* of raw, to know when it is enough */
    /* Of the process, outliving a clear. metadata: the JSON object that intake v2 has behind "metadata". node: its
     * instance, service.node.configured_name or the like; agent: name and version, "nodejs/4.18.0". */
    azm_slice metadata, service, environment, node, agent;
    bool from_host; /* sent by the Functions host itself: what it tells of an invocation, its worker's agent tells, too
                     */
    int64_t received_us;
    struct azm_buf block; /* azm_batch_pack */
    size_t block_size;    /* of all raws; when block is as long, it is not compressed */
    /* the writer's: */
    struct azm_batch *next;
    void (*done)(void *self, enum azm_status status);
    void *done_self;
};

void azm_batch_init(struct azm_batch *batch);
void azm_batch_dispose(struct azm_batch *batch);
/* Room for one more, zeroed. */
struct azm_event *azm_batch_add(struct azm_batch *batch);
struct azm_sample *azm_batch_add_sample(struct azm_batch *batch);
/* Without events and samples; the metadata stays. */
void azm_batch_clear(struct azm_batch *batch);
/* Lays all raws behind each other and compresses them. False: no memory. */
bool azm_batch_pack(struct azm_batch *batch);
/* Copies. To be called on a batch without events. Sets service, environment, node, agent and from_host as the other
 * arguments have them. */
struct azm_process {
    azm_slice metadata, service, environment, node, agent;
    bool from_host;
};
void azm_batch_set_process(struct azm_batch *batch, const struct azm_process *process);
/* Log lines have no id: their content is one, so that a batch sent again is recognised. */
azm_slice azm_event_log_id(const struct azm_event *event, char text[16]);
/* It tells how much memory its process takes. */
bool azm_sample_is_memory(azm_slice name);
