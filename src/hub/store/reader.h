/* Reading what the store holds. A reader has its own connection; one thread at a time. */
#pragma once

#include "hub/store/batch.h"

struct azm_reader;

/* One row per trace. Text is borrowed until the visitor returns. */
struct azm_trace_row {
    azm_slice trace_id;
    bool has_transaction; /* false: only parts of it came yet; then the fields of the first transaction are empty */
    int64_t change;       /* rises when the first transaction becomes known */
    azm_slice transaction_id, service, name, type, result, trigger;
    int64_t start_us, duration_us;
    enum azm_outcome outcome;
    bool coldstart; /* of any of its transactions */
    int64_t transactions, spans, errors, logs, failed;
};

struct azm_trace_filter {
    azm_slice service;   /* of the first transaction; len 0: any */
    azm_slice id_prefix; /* len 0: any */
    int64_t since_us;    /* started at or after; 0: no limit */
    int64_t after;       /* change greater than this, in that order; 0: newest start first */
    int64_t limit;
};

/* One event of a trace. Text is borrowed until the visitor returns. */
struct azm_event_row {
    struct azm_event event; /* raw is the event's JSON object */
    int64_t resource;
};

/* Returns false to stop. */
typedef bool azm_trace_visit(void *self, const struct azm_trace_row *row);
typedef bool azm_event_visit(void *self, const struct azm_event_row *row);
typedef bool azm_resource_visit(void *self, int64_t id, azm_slice metadata);

/* path: azm_store_path(). */
enum azm_status azm_reader_open(const char *path, struct azm_reader **out, struct azm_error *err) AZM_MUST_CHECK;
void azm_reader_close(struct azm_reader *reader);

/* *cursor: what to ask with as filter.after for that which comes later. */
enum azm_status azm_reader_traces(struct azm_reader *reader, const struct azm_trace_filter *filter,
                                  azm_trace_visit *visit, void *self, int64_t *cursor,
                                  struct azm_error *err) AZM_MUST_CHECK;
/* The row of one trace. AZM_NOT_FOUND: there is none. */
enum azm_status azm_reader_trace(struct azm_reader *reader, azm_slice trace_id, azm_trace_visit *visit, void *self,
                                 struct azm_error *err) AZM_MUST_CHECK;
/* All events of one trace: transactions, spans, errors, logs, each by start; and the metadata they refer to. All three
 * calls between begin and end see the same state of the database. */
enum azm_status azm_reader_events(struct azm_reader *reader, azm_slice trace_id, azm_event_visit *visit, void *self,
                                  struct azm_error *err) AZM_MUST_CHECK;
enum azm_status azm_reader_resources(struct azm_reader *reader, azm_slice trace_id, azm_resource_visit *visit,
                                     void *self, struct azm_error *err) AZM_MUST_CHECK;
enum azm_status azm_reader_begin(struct azm_reader *reader, struct azm_error *err) AZM_MUST_CHECK;
void azm_reader_end(struct azm_reader *reader);
