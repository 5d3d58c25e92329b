/* Lists of traces, from the parts that lie in several partitions. Inside src/hub/store only. */
#pragma once

#include "hub/store/reader_parts.h"

/* A row on its way into a list: its text lives in the list's arena. */
struct azm_found {
    struct azm_cursor at;
    struct azm_trace_row row;
};

/* The best so many, in the list's order. */
struct azm_finds {
    struct azm_arena arena;
    struct azm_found *items;
    size_t count, max;
    bool rising; /* the least value first */
};

enum azm_status azm_finds_init(struct azm_finds *finds, int64_t max, bool rising, struct azm_error *err) AZM_MUST_CHECK;
void azm_finds_dispose(struct azm_finds *finds);
/* a comes before b in the list. */
bool azm_finds_before(const struct azm_finds *finds, struct azm_cursor a, struct azm_cursor b);
/* Keeps it if it is one of the best. */
void azm_finds_add(struct azm_finds *finds, struct azm_cursor at, const struct azm_trace_row *row);
bool azm_finds_are_full(const struct azm_finds *finds);

/* Columns of traces_N in the order that azm_trace_row_of expects. */
#define AZM_TRACE_COLUMNS                                                                                              \
    "seq, trace, continues, change, start_us, root, transaction_id, service, name, type, duration_us, outcome, "       \
    "result,"                                                                                                          \
    " faas_trigger, function, coldstart, transactions, spans, errors, logs, failed"

struct azm_trace_ids {
    char trace[AZM_ID_TEXT], transaction[AZM_ID_TEXT];
};

/* continues: true when the trace began in an older partition. */
void azm_trace_row_of(const struct azm_statement *s, struct azm_trace_ids *ids, struct azm_trace_row *row,
                      bool *continues);
/* The whole row of a trace, its parts in all partitions put together, with its services. AZM_NOT_FOUND. Text lives in
 * arena. */
enum azm_status azm_trace_read(struct azm_sqlite_reader *reader, azm_slice trace_id, struct azm_arena *arena,
                               struct azm_trace_row *row, struct azm_error *err) AZM_MUST_CHECK;
/* By conditions on events; fills the list. */
enum azm_status azm_search_events(struct azm_sqlite_reader *reader, const struct azm_trace_filter *filter,
                                  struct azm_finds *finds, struct azm_trace_list *list,
                                  struct azm_error *err) AZM_MUST_CHECK;
