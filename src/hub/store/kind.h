/* What a kind of store does behind store.h, reader.h and read_sums.h; those say what each function promises. Inside
 * src/hub/store only. A kind's own structs begin with these. */
#pragma once

#include "hub/store/read_sums.h"
#include "hub/store/store.h"

struct azm_reader {
    const struct azm_reader_kind *kind;
};

typedef enum azm_status azm_read_traces(struct azm_reader *reader, const struct azm_trace_filter *filter,
                                        azm_trace_visit *visit, void *self, struct azm_trace_list *list,
                                        struct azm_error *err);
typedef enum azm_status azm_read_trace(struct azm_reader *reader, azm_slice trace_id, azm_trace_visit *visit,
                                       void *self, struct azm_error *err);
typedef enum azm_status azm_read_last_change(struct azm_reader *reader, int64_t *change, struct azm_error *err);
typedef enum azm_status azm_read_changes(struct azm_reader *reader, int64_t after, azm_slice service, int64_t keep,
                                         struct azm_changes *out, struct azm_error *err);
typedef enum azm_status azm_read_events(struct azm_reader *reader, azm_slice trace_id, azm_event_visit *visit,
                                        void *self, struct azm_error *err);
typedef enum azm_status azm_read_processes(struct azm_reader *reader, azm_slice trace_id, azm_process_visit *visit,
                                           void *self, struct azm_error *err);
typedef enum azm_status azm_read_find_events(struct azm_reader *reader, const struct azm_event_list *list,
                                             azm_event_visit *visit, void *self, struct azm_trace_list *out,
                                             struct azm_error *err);
typedef enum azm_status azm_read_sums(struct azm_reader *reader, const struct azm_sum_filter *filter,
                                      azm_sum_visit *visit, void *self, struct azm_error *err);
typedef enum azm_status azm_read_groups(struct azm_reader *reader, const struct azm_group_filter *filter,
                                        azm_group_visit *visit, void *self, struct azm_cursor *next,
                                        struct azm_error *err);
typedef enum azm_status azm_read_process_rows(struct azm_reader *reader, azm_slice service, int64_t since_us,
                                              int64_t until_us, int64_t limit, azm_process_row_visit *visit, void *self,
                                              struct azm_error *err);
typedef enum azm_status azm_read_usage(struct azm_reader *reader, azm_slice service, int64_t since_us, int64_t until_us,
                                       azm_usage_visit *visit, void *self, struct azm_error *err);
typedef enum azm_status azm_read_calls(struct azm_reader *reader, int64_t since_us, int64_t until_us, int64_t limit,
                                       azm_call_visit *visit, void *self, bool *more, struct azm_error *err);
typedef enum azm_status azm_read_extent(struct azm_reader *reader, int64_t *oldest_us, uint64_t *bytes,
                                        struct azm_error *err);

struct azm_reader_kind {
    void (*close)(struct azm_reader *reader);
    enum azm_status (*begin)(struct azm_reader *reader, struct azm_error *err);
    void (*end)(struct azm_reader *reader);
    azm_read_traces *traces;
    azm_read_trace *trace;
    azm_read_last_change *last_change;
    azm_read_changes *changes;
    azm_read_events *events;
    azm_read_processes *processes;
    azm_read_find_events *find_events;
    azm_read_sums *sums;
    azm_read_groups *groups;
    azm_read_process_rows *process_rows;
    azm_read_usage *usage;
    azm_read_calls *calls;
    azm_read_extent *extent;
};

struct azm_store {
    const struct azm_store_kind *kind;
    struct azm_store_options options; /* with the defaults for what was 0 */
};

struct azm_store_kind {
    const char *name;
    enum azm_status (*open)(const struct azm_store_options *options, struct azm_store **out, struct azm_error *err);
    void (*close)(struct azm_store *store);
    const char *(*path)(const struct azm_store *store);
    struct azm_store_counters (*counters)(struct azm_store *store);
    struct azm_store_health (*health)(struct azm_store *store);
    void (*add)(struct azm_store *store, struct azm_batch *batch); /* its done and next are set */
    void (*turn)(struct azm_store *store);
    enum azm_status (*read)(const struct azm_store *store, struct azm_reader **out, struct azm_error *err);
};

extern const struct azm_store_kind azm_store_sqlite, azm_store_clickhouse;
