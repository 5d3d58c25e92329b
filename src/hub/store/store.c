#include "hub/store/kind.h"

#include "hub/store/aside.h"
#include "hub/store/legacy.h"
#include "hub/store/schema.h"
#include "hub/store/writer.h"
#include "os/clock.h"
#include "os/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

/* Most batches of one commit: a long transaction would let the others wait for their answers. */
enum { COMMIT_BATCHES = 64 };

struct azm_sqlite_store {
    struct azm_store base;
    char path[4096];
    struct sqlite3 *db;
    struct azm_insert insert;
    struct azm_writer_state state;
    struct azm_retention limits;
    uv_thread_t thread;
    uv_mutex_t mutex; /* guards all below */
    uv_cond_t wake;
    struct azm_batch *first, **last;
    bool closing;
};

static struct azm_sqlite_store *own(struct azm_store *base)
{
    return (struct azm_sqlite_store *)base;
}

static bool work_waits(void *self)
{
    struct azm_sqlite_store *store = self;
    uv_mutex_lock(&store->mutex);
    bool waits = store->first || store->closing;
    uv_mutex_unlock(&store->mutex);
    return waits;
}

/* Called with the mutex held. */
static struct azm_batch *take(struct azm_sqlite_store *store)
{
    struct azm_batch *list = store->first, **end = &list;
    for (int n = 0; *end && n < COMMIT_BATCHES; n++)
        end = &(*end)->next;
    store->first = *end;
    *end = NULL;
    if (!store->first)
        store->last = &store->first;
    return list;
}

static void write_all(void *arg)
{
    struct azm_sqlite_store *store = arg;
    uint64_t period_ns = (uint64_t)store->base.options.period_ms * 1000000, due = uv_hrtime();
    uv_mutex_lock(&store->mutex);
    while (store->first || !store->closing) {
        struct azm_batch *list = take(store);
        uint64_t now = uv_hrtime();
        if (!list && now < due) {
            uv_cond_timedwait(&store->wake, &store->mutex, due - now);
            continue;
        }
        uv_mutex_unlock(&store->mutex);
        if (list)
            azm_writer_commit(&store->insert, list, &store->state);
        if (now >= due && !azm_writer_retain(&store->insert, &store->limits, azm_clock_wall_us(), work_waits, store))
            due = now + period_ns;
        uv_mutex_lock(&store->mutex);
    }
    uv_mutex_unlock(&store->mutex);
}

static enum azm_status start(struct azm_sqlite_store *store, struct azm_error *err)
{
    store->last = &store->first;
    uv_mutex_init(&store->mutex);
    uv_mutex_init(&store->state.mutex);
    uv_cond_init(&store->wake);
    if (uv_thread_create(&store->thread, write_all, store) == 0)
        return AZM_OK;
    uv_cond_destroy(&store->wake);
    uv_mutex_destroy(&store->mutex);
    uv_mutex_destroy(&store->state.mutex);
    azm_insert_dispose(&store->insert);
    return azm_fail(err, AZM_NO_MEMORY, "the writer's thread could not be started");
}

/* db is closed again on failure. */
static enum azm_status open_database(struct azm_sqlite_store *store, struct azm_error *err)
{
    enum azm_status status = azm_schema_open(store->path, &store->db, err);
    if (status != AZM_OK)
        return status;
    status = azm_aside_check(store->db, store->path, err);
    if (status == AZM_OK)
        status = azm_marks_complete(store->db, err);
    if (status == AZM_OK)
        status = azm_insert_init(&store->insert, store->db, azm_retention_partitions(&store->limits),
                                 azm_clock_wall_us(), err);
    if (status == AZM_OK && (status = azm_legacy_move(&store->insert, err)) != AZM_OK)
        azm_insert_dispose(&store->insert);
    if (status != AZM_OK) {
        azm_schema_close(store->db);
        store->db = NULL;
    }
    return status;
}

static enum azm_status open_files(struct azm_sqlite_store *store, struct azm_error *err)
{
    int n = snprintf(store->path, sizeof store->path, "%s/hub.db", store->base.options.dir);
    if (n < 0 || (size_t)n >= sizeof store->path)
        return azm_fail(err, AZM_TOO_BIG, "the data folder's path is longer than %zu bytes", sizeof store->path - 8);
    enum azm_status status = azm_dir_make(store->base.options.dir, 0700, err);
    struct azm_error damage = {.text = ""};
    if (status == AZM_OK)
        status = open_database(store, &damage);
    if (status == AZM_BAD_INPUT && (status = azm_aside_put(store->path, damage.text, err)) == AZM_OK)
        return open_database(store, err);
    if (status != AZM_OK && damage.text[0])
        *err = damage;
    return status;
}

static enum azm_status open_store(const struct azm_store_options *options, struct azm_store **out,
                                  struct azm_error *err)
{
    struct azm_sqlite_store *store = calloc(1, sizeof *store);
    if (!store)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the store");
    store->base = (struct azm_store){&azm_store_sqlite, *options};
    store->limits = (struct azm_retention){.max_age_us = options->max_age_us, .max_bytes = options->max_bytes};
    enum azm_status status = open_files(store, err);
    if (status == AZM_OK)
        status = start(store, err);
    if (status != AZM_OK) {
        azm_schema_close(store->db);
        free(store);
        return status;
    }
    *out = &store->base;
    return AZM_OK;
}

static void close_store(struct azm_store *base)
{
    struct azm_sqlite_store *store = own(base);
    uv_mutex_lock(&store->mutex);
    store->closing = true;
    uv_cond_signal(&store->wake);
    uv_mutex_unlock(&store->mutex);
    uv_thread_join(&store->thread);
    azm_insert_dispose(&store->insert);
    azm_aside_closed(store->db);
    azm_schema_close(store->db);
    uv_cond_destroy(&store->wake);
    uv_mutex_destroy(&store->mutex);
    uv_mutex_destroy(&store->state.mutex);
    free(store);
}

static const char *path(const struct azm_store *base)
{
    return ((const struct azm_sqlite_store *)base)->path;
}

static struct azm_store_counters counters(struct azm_store *base)
{
    const struct azm_writer_state *now = &own(base)->state;
    return (struct azm_store_counters){.commits = now->commits,
                                       .batches = now->batches,
                                       .events = now->events,
                                       .known = now->known,
                                       .failed_batches = now->failed_batches,
                                       .bytes = now->bytes};
}

static struct azm_store_health health(struct azm_store *base)
{
    struct azm_sqlite_store *store = own(base);
    struct azm_store_health now;
    uv_mutex_lock(&store->state.mutex);
    now.status = store->state.health;
    memcpy(now.message, store->state.message, sizeof now.message);
    uv_mutex_unlock(&store->state.mutex);
    return now;
}

static void add(struct azm_store *base, struct azm_batch *batch)
{
    struct azm_sqlite_store *store = own(base);
    if (!azm_batch_pack(batch)) {
        batch->done(batch->done_self, AZM_NO_MEMORY);
        return;
    }
    uv_mutex_lock(&store->mutex);
    *store->last = batch;
    store->last = &batch->next;
    uv_cond_signal(&store->wake);
    uv_mutex_unlock(&store->mutex);
}

static void turn(struct azm_store *base)
{
    own(base)->state.turn = true;
}

static enum azm_status read_store(const struct azm_store *base, struct azm_reader **out, struct azm_error *err)
{
    return azm_reader_open(path(base), out, err);
}

const struct azm_store_kind azm_store_sqlite = {
    .name = "sqlite",
    .open = open_store,
    .close = close_store,
    .path = path,
    .counters = counters,
    .health = health,
    .add = add,
    .turn = turn,
    .read = read_store,
};
