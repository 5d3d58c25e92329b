#include "hub/store/writer.h"

#include "base/log.h"

#include <sqlite3.h>

/* One transaction over the first n batches. */
static enum azm_status transaction(struct azm_insert *insert, struct azm_batch *list, size_t n,
                                   struct azm_writer_state *state, struct azm_error *err)
{
    enum azm_status status = azm_statement_exec(insert->db, "BEGIN IMMEDIATE", err);
    if (status != AZM_OK)
        return status;
    status = azm_insert_begin(insert, err);
    if (status == AZM_OK && atomic_exchange(&state->turn, false))
        status = azm_insert_turn(insert, list->received_us, err);
    for (struct azm_batch *batch = list; n > 0 && status == AZM_OK; batch = batch->next, n--)
        status = azm_insert_batch(insert, batch, err);
    if (status == AZM_OK)
        status = azm_insert_end(insert, err);
    if (status == AZM_OK)
        status = azm_statement_exec(insert->db, "COMMIT", err);
    if (status == AZM_OK)
        return AZM_OK;
    if (!sqlite3_get_autocommit(insert->db))
        sqlite3_exec(insert->db, "ROLLBACK", NULL, NULL, NULL);
    struct azm_error again = {.status = AZM_OK};
    if (azm_insert_rolled_back(insert, &again) != AZM_OK)
        azm_log(ERROR, HUB, "the store cannot be read after a failure: %s", again.text);
    return status;
}

static void note(struct azm_writer_state *state, enum azm_status status, const char *message)
{
    uv_mutex_lock(&state->mutex);
    state->health = status;
    azm_slice_copy(azm_slice_str(status == AZM_OK ? "" : message), state->message, sizeof state->message);
    uv_mutex_unlock(&state->mutex);
}

static void answer(struct azm_batch *batch, enum azm_status status, struct azm_writer_state *state)
{
    void (*done)(void *, enum azm_status) = batch->done;
    if (status == AZM_OK) {
        state->batches++;
        state->events += batch->count;
        state->bytes += batch->bytes;
    } else {
        state->failed_batches++;
    }
    done(batch->done_self, status); /* the batch may be gone from here on */
}

static enum azm_status commit_alone(struct azm_insert *insert, struct azm_batch *batch, struct azm_writer_state *state)
{
    struct azm_error err = {.status = AZM_OK};
    enum azm_status status = transaction(insert, batch, 1, state, &err);
    if (status != AZM_OK)
        azm_log(ERROR, HUB, "%zu events were not stored: %s", batch->count, err.text);
    note(state, status, err.text);
    return status;
}

void azm_writer_commit(struct azm_insert *insert, struct azm_batch *list, struct azm_writer_state *state)
{
    size_t n = 0;
    for (struct azm_batch *batch = list; batch; batch = batch->next)
        n++;
    bool together = n > 1 && transaction(insert, list, n, state, NULL) == AZM_OK;
    state->commits += together;
    if (together)
        note(state, AZM_OK, "");
    state->known = insert->known;
    while (list) {
        struct azm_batch *batch = list;
        list = batch->next;
        enum azm_status status = together ? AZM_OK : commit_alone(insert, batch, state);
        state->commits += !together && status == AZM_OK;
        state->known = insert->known;
        answer(batch, status, state);
    }
}

/* What is too old may lie in the newest partition. */
static enum azm_status leave_old(struct azm_insert *insert, const struct azm_retention *limits, int64_t now_us,
                                 struct azm_error *err)
{
    const struct azm_partition *newest = &insert->partition;
    if (!limits->max_age_us || !newest->events || newest->last_us >= now_us - limits->max_age_us)
        return AZM_OK;
    enum azm_status status = azm_statement_exec(insert->db, "BEGIN IMMEDIATE", err);
    if (status == AZM_OK)
        status = azm_insert_begin(insert, err);
    if (status == AZM_OK)
        status = azm_insert_turn(insert, now_us, err);
    if (status == AZM_OK)
        status = azm_statement_exec(insert->db, "COMMIT", err);
    if (status == AZM_OK || sqlite3_get_autocommit(insert->db))
        return status;
    sqlite3_exec(insert->db, "ROLLBACK", NULL, NULL, NULL);
    return azm_insert_rolled_back(insert, NULL) == AZM_OK ? status : AZM_IO;
}

bool azm_writer_retain(struct azm_insert *insert, const struct azm_retention *limits, int64_t now_us,
                       bool (*waits)(void *self), void *self)
{
    struct azm_error err = {.status = AZM_OK};
    bool more = true;
    enum azm_status status = leave_old(insert, limits, now_us, &err);
    while (status == AZM_OK && more && !waits(self))
        status = azm_retention_step(insert->db, limits, now_us, &more, &err);
    if (status == AZM_OK && insert->before.id && !azm_partition_exists(insert->db, insert->before.id))
        status = azm_insert_rolled_back(insert, &err);
    if (status == AZM_OK)
        return more;
    azm_log(WARN, HUB, "old events could not be deleted: %s", err.text);
    return false;
}
