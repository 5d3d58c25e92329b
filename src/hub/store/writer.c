#include "hub/store/writer.h"

#include "base/log.h"
#include "hub/store/retention.h"

#include <sqlite3.h>

enum { STEP_TRACES = 200 };

static enum azm_status exec(sqlite3 *db, const char *sql, struct azm_error *err)
{
    int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
    if (rc == SQLITE_OK)
        return AZM_OK;
    return azm_fail(err, rc == SQLITE_FULL ? AZM_FULL : AZM_IO, "%s", sqlite3_errmsg(db));
}

/* One transaction over the first n batches. */
static enum azm_status transaction(sqlite3 *db, struct azm_insert *insert, struct azm_batch *list, size_t n,
                                   struct azm_error *err)
{
    enum azm_status status = exec(db, "BEGIN IMMEDIATE", err);
    if (status != AZM_OK)
        return status;
    for (struct azm_batch *batch = list; n > 0 && status == AZM_OK; batch = batch->next, n--)
        status = azm_insert_batch(insert, batch, err);
    if (status == AZM_OK)
        status = exec(db, "COMMIT", err);
    if (status != AZM_OK && !sqlite3_get_autocommit(db))
        sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}

static void answer(struct azm_batch *batch, enum azm_status status, struct azm_writer_counters *counters)
{
    void (*done)(void *, enum azm_status) = batch->done;
    if (status == AZM_OK) {
        counters->batches++;
        counters->events += batch->count;
    } else {
        counters->failed_batches++;
    }
    done(batch->done_self, status); /* the batch may be gone from here on */
}

static enum azm_status commit_alone(sqlite3 *db, struct azm_insert *insert, struct azm_batch *batch)
{
    struct azm_error err = {.status = AZM_OK};
    enum azm_status status = transaction(db, insert, batch, 1, &err);
    if (status != AZM_OK)
        azm_log(ERROR, HUB, "%zu events were not stored: %s", batch->count, err.text);
    return status;
}

void azm_writer_commit(sqlite3 *db, struct azm_insert *insert, struct azm_batch *list,
                       struct azm_writer_counters *counters)
{
    size_t n = 0;
    for (struct azm_batch *batch = list; batch; batch = batch->next)
        n++;
    bool together = n > 1 && transaction(db, insert, list, n, NULL) == AZM_OK;
    counters->commits += together;
    counters->known = insert->known;
    while (list) {
        struct azm_batch *batch = list;
        list = batch->next;
        enum azm_status status = together ? AZM_OK : commit_alone(db, insert, batch);
        counters->commits += !together && status == AZM_OK;
        counters->known = insert->known;
        answer(batch, status, counters);
    }
}

static bool too_big(sqlite3 *db, const struct azm_store_options *options)
{
    return options->max_bytes > 0 && azm_retention_used(db) > options->max_bytes;
}

static bool step(sqlite3 *db, int64_t cutoff_us)
{
    struct azm_error err = {.status = AZM_OK};
    bool more = false;
    if (azm_retention_step(db, cutoff_us, STEP_TRACES, &more, &err) != AZM_OK)
        azm_log(WARN, HUB, "old traces could not be deleted: %s", err.text);
    return more;
}

bool azm_writer_retain(sqlite3 *db, const struct azm_store_options *options, int64_t now_us, bool (*waits)(void *self),
                       void *self)
{
    bool more = true;
    while (more && !waits(self)) {
        more = options->max_age_us > 0 && step(db, now_us - options->max_age_us);
        if (!more && too_big(db, options)) {
            int64_t cutoff_us = azm_retention_oldest(db, STEP_TRACES);
            more = cutoff_us > 0 && step(db, cutoff_us);
        }
    }
    return more;
}
