/* Reading what the store holds. A reader has its own connection; one thread at a time. Text that visitors are given is
 * borrowed until they return. */
#pragma once

#include "hub/store/batch.h"
#include "hub/store/words.h"

struct azm_reader;

/* Of SQLite's file, azm_store_path(). For any kind: azm_store_read(). */
enum azm_status azm_reader_open(const char *path, struct azm_reader **out, struct azm_error *err) AZM_MUST_CHECK;
void azm_reader_close(struct azm_reader *reader);
/* All calls between begin and end see the same state of the database. Calls outside see the newest, each for itself.
 * ClickHouse has no such thing: there all see the newest. */
enum azm_status azm_reader_begin(struct azm_reader *reader, struct azm_error *err) AZM_MUST_CHECK;
void azm_reader_end(struct azm_reader *reader);

/* A place in a list, to go on from. value, then rank among equals; used false: from the begin. */
struct azm_cursor {
    int64_t value, rank;
    bool used;
};

enum { AZM_TRACE_SERVICES = 12, AZM_READ_AT_MOST = 100000 };

struct azm_trace_service {
    azm_slice name;
    int64_t events, failed;
};

/* One row per trace. */
struct azm_trace_row {
    azm_slice trace_id;
    bool has_transaction; /* false: only parts of it came yet; then the fields of the first transaction are empty */
    int64_t change;       /* rises when the first transaction becomes known */
    azm_slice transaction_id, service, name, type, result, trigger, function;
    int64_t start_us, duration_us;
    enum azm_outcome outcome;
    bool coldstart; /* of any of its transactions */
    int64_t transactions, spans, errors, logs, failed;
    struct azm_trace_service services[AZM_TRACE_SERVICES]; /* those with the most events of the first 2,000 */
    size_t service_count;
};

enum azm_trace_order { AZM_NEWEST, AZM_SLOWEST, AZM_FASTEST };

/* With conditions on an event (event), a trace is found by one of its events that meets all of them, also the times and
 * durations; in the order of arrival, when order is AZM_NEWEST. Without, times and durations are those of the trace. */
struct azm_trace_filter {
    struct azm_event_filter event;
    azm_slice id_prefix;        /* len 0: any; with no other condition */
    int64_t since_us, until_us; /* 0: no limit */
    int64_t after;              /* change greater than this, in that order; only with since_us and event.service */
    enum azm_trace_order order;
    struct azm_cursor from;
    int64_t limit;
};

struct azm_trace_list {
    int64_t change;         /* what to ask with as filter.after for that which comes later */
    struct azm_cursor next; /* used false: that was all */
    bool partial;           /* AZM_READ_AT_MOST were looked at, and there are more */
};

/* Returns false to stop. */
typedef bool azm_trace_visit(void *self, const struct azm_trace_row *row);

enum azm_status azm_reader_traces(struct azm_reader *reader, const struct azm_trace_filter *filter,
                                  azm_trace_visit *visit, void *self, struct azm_trace_list *list,
                                  struct azm_error *err) AZM_MUST_CHECK;
/* The row of one trace. AZM_NOT_FOUND: there is none. */
enum azm_status azm_reader_trace(struct azm_reader *reader, azm_slice trace_id, azm_trace_visit *visit, void *self,
                                 struct azm_error *err) AZM_MUST_CHECK;

/* The change of the newest trace; 0: there is none. */
enum azm_status azm_reader_last_change(struct azm_reader *reader, int64_t *change,
                                       struct azm_error *err) AZM_MUST_CHECK;

/* What changed after a change: how many traces of the service (empty: of all; AZM_READ_AT_MOST are counted), the change
 * after which the newest `keep` of them come, and the last change of any trace. */
struct azm_changes {
    int64_t count, from, last;
};

enum azm_status azm_reader_changes(struct azm_reader *reader, int64_t after, azm_slice service, int64_t keep,
                                   struct azm_changes *out, struct azm_error *err) AZM_MUST_CHECK;

/* One stored event, with its seq, unique in the store. */
struct azm_event_row {
    struct azm_event event; /* raw is the event's JSON object */
    int64_t process, seq;
};

typedef bool azm_event_visit(void *self, const struct azm_event_row *row);
typedef bool azm_process_visit(void *self, int64_t id, azm_slice metadata, bool from_host);

/* All events of one trace: transactions, spans, errors, logs, each by start; at most AZM_READ_AT_MOST. And the
 * processes they came from. */
enum azm_status azm_reader_events(struct azm_reader *reader, azm_slice trace_id, azm_event_visit *visit, void *self,
                                  struct azm_error *err) AZM_MUST_CHECK;
enum azm_status azm_reader_processes(struct azm_reader *reader, azm_slice trace_id, azm_process_visit *visit,
                                     void *self, struct azm_error *err) AZM_MUST_CHECK;

/* Events that meet the conditions, the newest arrival first; trace_id, when given, instead of the index. without_raw:
 * raw stays empty, and no body is read. */
struct azm_event_list {
    struct azm_event_filter filter;
    azm_slice trace_id;
    int64_t since_us, until_us;
    bool without_raw;
    struct azm_cursor from;
    int64_t limit;
};

enum azm_status azm_reader_find_events(struct azm_reader *reader, const struct azm_event_list *list,
                                       azm_event_visit *visit, void *self, struct azm_trace_list *out,
                                       struct azm_error *err) AZM_MUST_CHECK;
