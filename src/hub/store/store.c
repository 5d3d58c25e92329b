#include "hub/store/store.h"

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

struct azm_store {
    struct azm_store_options options;
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

static bool work_waits(void *self)
{
    struct azm_store *store = self;
    uv_mutex_lock(&store->mutex);
    bool waits = store->first || store->closing;
    uv_mutex_unlock(&store->mutex);
    return waits;
}

/* Called with the mutex held. */
static struct azm_batch *take(struct azm_store *store)
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
    struct azm_store *store = arg;
    uint64_t period_ns = (uint64_t)store->options.period_ms * 1000000, due = uv_hrtime();
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

static enum azm_status start(struct azm_store *store, struct azm_error *err)
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
static enum azm_status open_database(struct azm_store *store, struct azm_error *err)
{
    enum azm_status status = azm_schema_open(store->path, &store->db, err);
    if (status != AZM_OK)
        return status;
    status = azm_aside_check(store->db, store->path, err);
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

static enum azm_status open_files(struct azm_store *store, struct azm_error *err)
{
    int n = snprintf(store->path, sizeof store->path, "%s/hub.db", store->options.dir);
    if (n < 0 || (size_t)n >= sizeof store->path)
        return azm_fail(err, AZM_TOO_BIG, "the data folder's path is longer than %zu bytes", sizeof store->path - 8);
    enum azm_status status = azm_dir_make(store->options.dir, 0700, err);
    struct azm_error damage = {.text = ""};
    if (status == AZM_OK)
        status = open_database(store, &damage);
    if (status == AZM_BAD_INPUT && (status = azm_aside_put(store->path, damage.text, err)) == AZM_OK)
        return open_database(store, err);
    if (status != AZM_OK && damage.text[0])
        *err = damage;
    return status;
}

enum azm_status azm_store_open(const struct azm_store_options *options, struct azm_store **out, struct azm_error *err)
{
    struct azm_store *store = calloc(1, sizeof *store);
    if (!store)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the store");
    store->options = *options;
    store->limits = (struct azm_retention){.max_age_us = options->max_age_us, .max_bytes = options->max_bytes};
    if (store->options.period_ms == 0)
        store->options.period_ms = 60000;
    enum azm_status status = open_files(store, err);
    if (status == AZM_OK)
        status = start(store, err);
    if (status != AZM_OK) {
        azm_schema_close(store->db);
        free(store);
        return status;
    }
    *out = store;
    return AZM_OK;
}

void azm_store_close(struct azm_store *store)
{
    if (!store)
        return;
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

const char *azm_store_path(const struct azm_store *store)
{
    return store->path;
}

struct azm_store_counters azm_store_counters(struct azm_store *store)
{
    const struct azm_writer_state *now = &store->state;
    return (struct azm_store_counters){.commits = now->commits,
                                       .batches = now->batches,
                                       .events = now->events,
                                       .known = now->known,
                                       .failed_batches = now->failed_batches,
                                       .bytes = now->bytes};
}

struct azm_store_health azm_store_health(struct azm_store *store)
{
    struct azm_store_health health;
    uv_mutex_lock(&store->state.mutex);
    health.status = store->state.health;
    memcpy(health.message, store->state.message, sizeof health.message);
    uv_mutex_unlock(&store->state.mutex);
    return health;
}

const struct azm_store_options *azm_store_limits(const struct azm_store *store)
{
    return &store->options;
}

void azm_store_add(struct azm_store *store, struct azm_batch *batch, void (*done)(void *self, enum azm_status status),
                   void *self)
{
    batch->next = NULL;
    batch->done = done;
    batch->done_self = self;
    if (!azm_batch_pack(batch)) {
        done(self, AZM_NO_MEMORY);
        return;
    }
    uv_mutex_lock(&store->mutex);
    *store->last = batch;
    store->last = &batch->next;
    uv_cond_signal(&store->wake);
    uv_mutex_unlock(&store->mutex);
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

void azm_store_turn(struct azm_store *store)
{
    store->state.turn = true;
}
