#include "hub/store/kind.h"

#include <uv.h>

static const struct azm_store_kind *kind_of(const char *place)
{
    azm_slice text = azm_slice_str(place);
    bool remote = azm_slice_starts(text, AZM_S("clickhouse://")) || azm_slice_starts(text, AZM_S("clickhouses://"));
    return text.len == 0 ? &azm_store_sqlite : remote ? &azm_store_clickhouse : NULL;
}

enum azm_status azm_store_open(const struct azm_store_options *options, struct azm_store **out, struct azm_error *err)
{
    const struct azm_store_kind *kind = kind_of(options->place);
    struct azm_store_options complete = *options;
    if (complete.period_ms == 0)
        complete.period_ms = 60000;
    if (!kind)
        return azm_fail(err, AZM_BAD_CONFIG,
                        "the store: expected clickhouse://HOST:PORT/DATABASE or clickhouses://...");
    return kind->open(&complete, out, err);
}

void azm_store_close(struct azm_store *store)
{
    if (store)
        store->kind->close(store);
}

const char *azm_store_kind_name(const struct azm_store *store)
{
    return store->kind->name;
}

const char *azm_store_path(const struct azm_store *store)
{
    return store->kind->path(store);
}

struct azm_store_counters azm_store_counters(struct azm_store *store)
{
    return store->kind->counters(store);
}

struct azm_store_health azm_store_health(struct azm_store *store)
{
    return store->kind->health(store);
}

const struct azm_store_options *azm_store_limits(const struct azm_store *store)
{
    return &store->options;
}

enum azm_status azm_store_read(const struct azm_store *store, struct azm_reader **out, struct azm_error *err)
{
    return store->kind->read(store, out, err);
}

void azm_store_turn(struct azm_store *store)
{
    store->kind->turn(store);
}

void azm_store_add(struct azm_store *store, struct azm_batch *batch, void (*done)(void *self, enum azm_status status),
                   void *self)
{
    batch->next = NULL;
    batch->done = done;
    batch->done_self = self;
    store->kind->add(store, batch);
}

struct waiter {
    uv_sem_t sem;
    enum azm_status status;
};

static void stop_waiting(void *self, enum azm_status status)
{
    struct waiter *waiter = self;
    waiter->status = status;
    uv_sem_post(&waiter->sem);
}

enum azm_status azm_store_add_wait(struct azm_store *store, struct azm_batch *batch)
{
    struct waiter waiter = {.status = AZM_OK};
    uv_sem_init(&waiter.sem, 0);
    azm_store_add(store, batch, stop_waiting, &waiter);
    uv_sem_wait(&waiter.sem);
    uv_sem_destroy(&waiter.sem);
    return waiter.status;
}

void azm_reader_close(struct azm_reader *reader)
{
    if (reader)
        reader->kind->close(reader);
}

enum azm_status azm_reader_begin(struct azm_reader *reader, struct azm_error *err)
{
    return reader->kind->begin(reader, err);
}

void azm_reader_end(struct azm_reader *reader)
{
    reader->kind->end(reader);
}

enum azm_status azm_reader_traces(struct azm_reader *reader, const struct azm_trace_filter *filter,
                                  azm_trace_visit *visit, void *self, struct azm_trace_list *list,
                                  struct azm_error *err)
{
    return reader->kind->traces(reader, filter, visit, self, list, err);
}

enum azm_status azm_reader_trace(struct azm_reader *reader, azm_slice trace_id, azm_trace_visit *visit, void *self,
                                 struct azm_error *err)
{
    return reader->kind->trace(reader, trace_id, visit, self, err);
}

enum azm_status azm_reader_last_change(struct azm_reader *reader, int64_t *change, struct azm_error *err)
{
    return reader->kind->last_change(reader, change, err);
}

enum azm_status azm_reader_changes(struct azm_reader *reader, int64_t after, azm_slice service, int64_t keep,
                                   struct azm_changes *out, struct azm_error *err)
{
    return reader->kind->changes(reader, after, service, keep, out, err);
}

enum azm_status azm_reader_events(struct azm_reader *reader, azm_slice trace_id, azm_event_visit *visit, void *self,
                                  struct azm_error *err)
{
    return reader->kind->events(reader, trace_id, visit, self, err);
}

enum azm_status azm_reader_processes(struct azm_reader *reader, azm_slice trace_id, azm_process_visit *visit,
                                     void *self, struct azm_error *err)
{
    return reader->kind->processes(reader, trace_id, visit, self, err);
}

enum azm_status azm_reader_find_events(struct azm_reader *reader, const struct azm_event_list *list,
                                       azm_event_visit *visit, void *self, struct azm_trace_list *out,
                                       struct azm_error *err)
{
    return reader->kind->find_events(reader, list, visit, self, out, err);
}

enum azm_status azm_reader_sums(struct azm_reader *reader, const struct azm_sum_filter *filter, azm_sum_visit *visit,
                                void *self, struct azm_error *err)
{
    return reader->kind->sums(reader, filter, visit, self, err);
}

enum azm_status azm_reader_groups(struct azm_reader *reader, const struct azm_group_filter *filter,
                                  azm_group_visit *visit, void *self, struct azm_cursor *next, struct azm_error *err)
{
    return reader->kind->groups(reader, filter, visit, self, next, err);
}

enum azm_status azm_reader_process_rows(struct azm_reader *reader, azm_slice service, int64_t since_us,
                                        int64_t until_us, int64_t limit, azm_process_row_visit *visit, void *self,
                                        struct azm_error *err)
{
    return reader->kind->process_rows(reader, service, since_us, until_us, limit, visit, self, err);
}

enum azm_status azm_reader_usage(struct azm_reader *reader, azm_slice service, int64_t since_us, int64_t until_us,
                                 azm_usage_visit *visit, void *self, struct azm_error *err)
{
    return reader->kind->usage(reader, service, since_us, until_us, visit, self, err);
}

enum azm_status azm_reader_calls(struct azm_reader *reader, int64_t since_us, int64_t until_us, int64_t limit,
                                 azm_call_visit *visit, void *self, bool *more, struct azm_error *err)
{
    return reader->kind->calls(reader, since_us, until_us, limit, visit, self, more, err);
}

enum azm_status azm_reader_extent(struct azm_reader *reader, int64_t *oldest_us, uint64_t *bytes, struct azm_error *err)
{
    return reader->kind->extent(reader, oldest_us, bytes, err);
}
