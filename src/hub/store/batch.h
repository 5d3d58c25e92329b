/* What a request brought, on its way to the database: the events of one process, with that process's metadata.
 * Not locked: one owner at a time (the request fills it, the writer reads it, the request gets it back). */
#pragma once

#include "base/arena.h"
#include "trace/transaction.h"

enum azm_event_kind { AZM_EVENT_TRANSACTION, AZM_EVENT_SPAN, AZM_EVENT_ERROR, AZM_EVENT_LOG };

/* Absent text has len 0. Text and raw live in the batch's arena. */
struct azm_event {
    enum azm_event_kind kind;
    azm_slice trace_id, id, parent_id, transaction_id;
    azm_slice service; /* of the event itself, else the metadata's */
    azm_slice name;    /* errors: the exception's type; logs: the logger */
    azm_slice type, subtype;
    azm_slice result;  /* logs: the level */
    azm_slice message; /* errors and logs */
    azm_slice trigger; /* faas.trigger.type */
    int64_t start_us, duration_us;
    enum azm_outcome outcome;
    bool coldstart;
    azm_slice raw; /* the event's object as it came: JSON */
};

struct azm_batch {
    struct azm_arena arena;
    struct azm_event *events;
    size_t count, cap;
    size_t bytes; /* of raw, to know when it is enough */
    azm_slice metadata, service, environment;
    int64_t received_us;
    /* the writer's: */
    struct azm_batch *next;
    void (*done)(void *self, enum azm_status status);
    void *done_self;
};

void azm_batch_init(struct azm_batch *batch);
void azm_batch_dispose(struct azm_batch *batch);
/* Room for one more event, zeroed. */
struct azm_event *azm_batch_add(struct azm_batch *batch);
/* Without events; the metadata stays. */
void azm_batch_clear(struct azm_batch *batch);
/* Copies. To be called on a batch without events. */
void azm_batch_set_metadata(struct azm_batch *batch, azm_slice json, azm_slice service, azm_slice environment);
