/* The second kind of store: a writer's thread over a queue with a bound. */
#include "hub/store/clickhouse/reading.h"
#include "hub/store/clickhouse/tables.h"
#include "hub/store/clickhouse/writing.h"

#include "base/log.h"
#include "os/clock.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <uv.h>

/* COMMIT: most of one commit. TRIES: of a request that fails; one while the server is known to be away, so that senders
 * learn of it soon. PAUSE_MS: between the begins of commits; ClickHouse likes few and large ones. */
enum { COMMIT_BATCHES = 64, COMMIT_BYTES = 64 << 20, WAITING_BYTES = 256 << 20, TRIES = 5, PAUSE_MS = 25 };

struct azm_clickhouse_store {
    struct azm_store base;
    struct azm_clickhouse_address address;
    struct azm_clickhouse_writing *writing;
    _Atomic uint64_t commits, batches, events, known, failed_batches, bytes;
    uv_thread_t thread;
    uv_mutex_t mutex; /* guards all below */
    uv_cond_t wake;
    struct azm_batch *first, **last;
    size_t waiting; /* bytes */
    bool closing;
    struct azm_store_health health; /* changed by the writer's thread alone */
};

static struct azm_clickhouse_store *own(struct azm_store *base)
{
    return (struct azm_clickhouse_store *)base;
}

static bool is_closing(void *self)
{
    struct azm_clickhouse_store *store = self;
    uv_mutex_lock(&store->mutex);
    bool closing = store->closing;
    uv_mutex_unlock(&store->mutex);
    return closing;
}

static void note(struct azm_clickhouse_store *store, enum azm_status status, const char *message)
{
    uv_mutex_lock(&store->mutex);
    bool changed = store->health.status != status;
    store->health.status = status;
    azm_slice_copy(azm_slice_str(status == AZM_OK ? "" : message), store->health.message, sizeof store->health.message);
    uv_mutex_unlock(&store->mutex);
    if (changed && status == AZM_OK)
        azm_log(INFO, HUB, "%s stores events again", store->address.shown);
}

static enum azm_status write_some(struct azm_clickhouse_store *store, struct azm_batch *list, size_t n)
{
    struct azm_error err = {.text = ""};
    uint64_t known = 0;
    const struct azm_clickhouse_patience patience = {store->health.status == AZM_OK ? TRIES : 1, is_closing, store};
    enum azm_status status = azm_clickhouse_write(store->writing, list, n, &patience, &known, &err);
    if (status == AZM_OK) {
        store->commits++;
        store->known += known;
    } else {
        azm_log(ERROR, HUB, "%zu batches of events were not stored: %s", n, err.text);
    }
    note(store, status, err.text);
    return status;
}

static void answer(struct azm_clickhouse_store *store, struct azm_batch *batch, enum azm_status status)
{
    if (status == AZM_OK) {
        store->batches++;
        store->events += batch->count;
        store->bytes += batch->bytes;
    } else {
        store->failed_batches++;
    }
    batch->done(batch->done_self, status); /* the batch may be gone from here on */
}

/* When the server cannot read what it was sent, each batch is tried alone, so that one spoils no other. */
static void commit(struct azm_clickhouse_store *store, struct azm_batch *list)
{
    size_t n = 0;
    for (const struct azm_batch *batch = list; batch; batch = batch->next)
        n++;
    enum azm_status status = write_some(store, list, n);
    bool alone = n > 1 && (status == AZM_BAD_INPUT || status == AZM_TOO_BIG);
    while (list) {
        struct azm_batch *batch = list;
        list = batch->next;
        answer(store, batch, alone ? write_some(store, batch, 1) : status);
    }
}

/* Called with the mutex held. */
static struct azm_batch *take(struct azm_clickhouse_store *store)
{
    struct azm_batch *list = store->first, **end = &list;
    size_t bytes = 0;
    for (int n = 0; *end && n < COMMIT_BATCHES && (n == 0 || bytes + (*end)->bytes <= COMMIT_BYTES); n++) {
        bytes += (*end)->bytes;
        end = &(*end)->next;
    }
    store->first = *end;
    *end = NULL;
    store->waiting -= bytes;
    if (!store->first)
        store->last = &store->first;
    return list;
}

static void forget(struct azm_clickhouse_store *store)
{
    struct azm_error err = {.text = ""};
    const struct azm_store_options *options = &store->base.options;
    if (azm_tables_forget(azm_clickhouse_writing_client(store->writing), options->max_age_us, options->max_bytes,
                          azm_clock_wall_us(), &err) != AZM_OK)
        azm_log(WARN, HUB, "old events could not be deleted: %s", err.text);
}

static void write_all(void *arg)
{
    struct azm_clickhouse_store *store = arg;
    uint64_t period_ns = (uint64_t)store->base.options.period_ms * 1000000, due = uv_hrtime(), next = 0;
    uv_mutex_lock(&store->mutex);
    while (store->first || !store->closing) {
        uint64_t now = uv_hrtime(), until = store->first ? next : due;
        if (now < until && !store->closing) {
            uv_cond_timedwait(&store->wake, &store->mutex, until - now);
            continue;
        }
        struct azm_batch *list = take(store);
        uv_mutex_unlock(&store->mutex);
        next = now + (uint64_t)PAUSE_MS * 1000000;
        if (list)
            commit(store, list);
        else if (now >= due) {
            forget(store);
            due = now + period_ns;
        }
        uv_mutex_lock(&store->mutex);
    }
    uv_mutex_unlock(&store->mutex);
}

static enum azm_status start(struct azm_clickhouse_store *store, struct azm_error *err)
{
    store->last = &store->first;
    uv_mutex_init(&store->mutex);
    uv_cond_init(&store->wake);
    if (uv_thread_create(&store->thread, write_all, store) == 0)
        return AZM_OK;
    uv_cond_destroy(&store->wake);
    uv_mutex_destroy(&store->mutex);
    return azm_fail(err, AZM_NO_MEMORY, "the writer's thread could not be started");
}

static enum azm_status open_store(const struct azm_store_options *options, struct azm_store **out,
                                  struct azm_error *err)
{
    struct azm_clickhouse_store *store = calloc(1, sizeof *store);
    if (!store)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the store");
    store->base = (struct azm_store){&azm_store_clickhouse, *options};
    store->base.options.place = NULL; /* the caller's, and it may hold a password */
    enum azm_status status = azm_clickhouse_address_parse(azm_slice_str(options->place), &store->address, err);
    if (status == AZM_OK)
        status = azm_clickhouse_writing_open(&store->address, &store->writing, err);
    if (status == AZM_OK)
        status = start(store, err);
    if (status == AZM_OK) {
        *out = &store->base;
        return AZM_OK;
    }
    azm_clickhouse_writing_close(store->writing);
    free(store);
    return status;
}

static void close_store(struct azm_store *base)
{
    struct azm_clickhouse_store *store = own(base);
    uv_mutex_lock(&store->mutex);
    store->closing = true;
    uv_cond_signal(&store->wake);
    uv_mutex_unlock(&store->mutex);
    uv_thread_join(&store->thread);
    azm_clickhouse_writing_close(store->writing);
    uv_cond_destroy(&store->wake);
    uv_mutex_destroy(&store->mutex);
    free(store);
}

static const char *path(const struct azm_store *base)
{
    return ((const struct azm_clickhouse_store *)base)->address.shown;
}

static struct azm_store_counters counters(struct azm_store *base)
{
    const struct azm_clickhouse_store *now = own(base);
    return (struct azm_store_counters){.commits = now->commits,
                                       .batches = now->batches,
                                       .events = now->events,
                                       .known = now->known,
                                       .failed_batches = now->failed_batches,
                                       .bytes = now->bytes};
}

static struct azm_store_health health(struct azm_store *base)
{
    struct azm_clickhouse_store *store = own(base);
    uv_mutex_lock(&store->mutex);
    struct azm_store_health now = store->health;
    uv_mutex_unlock(&store->mutex);
    return now;
}

static void add(struct azm_store *base, struct azm_batch *batch)
{
    struct azm_clickhouse_store *store = own(base);
    uv_mutex_lock(&store->mutex);
    bool room = !store->first || store->waiting + batch->bytes <= WAITING_BYTES;
    if (room) {
        *store->last = batch;
        store->last = &batch->next;
        store->waiting += batch->bytes;
        uv_cond_signal(&store->wake);
    }
    uv_mutex_unlock(&store->mutex);
    if (!room)
        answer(store, batch, AZM_BUSY);
}

/* Partitions are days. */
static void turn(struct azm_store *base)
{
    (void)base;
}

static enum azm_status read_store(const struct azm_store *base, struct azm_reader **out, struct azm_error *err)
{
    return azm_clickhouse_reader_open(&((const struct azm_clickhouse_store *)base)->address, out, err);
}

const struct azm_store_kind azm_store_clickhouse = {
    .name = "clickhouse",
    .open = open_store,
    .close = close_store,
    .path = path,
    .counters = counters,
    .health = health,
    .add = add,
    .turn = turn,
    .read = read_store,
};
