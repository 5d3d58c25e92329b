#include "hub/store/rollup.h"

#include "hub/store/stable_hash.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

const struct azm_sum_level azm_sum_levels[AZM_SUM_LEVELS] = {{60, 3 * 86400}, {900, 62 * 86400}, {21600, 800 * 86400}};

enum { KEY_MAX = 8192, HISTOGRAM_BYTES = 8192, FORGET_ROWS = 5000 };

struct operation {
    uint64_t hash; /* of all of its fields; 0: the place is free */
    int64_t id;
};

struct service {
    uint64_t hash;
    unsigned operations;
};

struct sum {
    int64_t operation, step; /* steps of the first level since 1970 */
    double ok, failed, unknown;
    int64_t sum_us, max_us, last_us;
    struct azm_histogram histogram;
};

struct azm_rollup {
    sqlite3 *db;
    struct azm_statement make, read, write;
    struct operation *operations; /* open addressing */
    size_t operation_count, operation_cap;
    struct service *services; /* in no order: there are few */
    size_t service_count, service_cap;
    struct sum **sums; /* open addressing; of this commit */
    size_t sum_count, sum_cap;
};

static const char make_sql[] = "INSERT INTO operations (hash, kind, service, environment, name, type, function, "
                               "faas_trigger, coldstart, from_host)"
                               " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) RETURNING id";
static const char read_sql[] =
    "SELECT ok, failed, unknown, sum_us, max_us, last_us, histogram FROM sums WHERE level = ? AND at = ?"
    " AND operation = ?";
static const char write_sql[] =
    "INSERT OR REPLACE INTO sums (level, at, operation, ok, failed, unknown, sum_us, max_us, last_us, histogram)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

static void *more_room(void *items, size_t count, size_t size)
{
    void *room = realloc(items, count * size);
    if (!room)
        abort();
    return room;
}

/* Every service's number of operations, so that the bound holds over restarts. */
static struct service *service_of(struct azm_rollup *r, azm_slice name)
{
    uint64_t hash = azm_stable_hash(name, AZM_STABLE_HASH);
    for (size_t i = 0; i < r->service_count; i++)
        if (r->services[i].hash == hash)
            return &r->services[i];
    if (r->service_count == r->service_cap) {
        r->service_cap = r->service_cap ? r->service_cap * 2 : 64;
        r->services = more_room(r->services, r->service_cap, sizeof *r->services);
    }
    r->services[r->service_count] = (struct service){.hash = hash};
    return &r->services[r->service_count++];
}

static void put_operation(struct operation *table, size_t cap, struct operation operation)
{
    size_t at = operation.hash & (cap - 1);
    while (table[at].hash)
        at = (at + 1) & (cap - 1);
    table[at] = operation;
}

static void remember(struct azm_rollup *r, uint64_t hash, int64_t id)
{
    if (r->operation_count * 2 >= r->operation_cap) {
        size_t cap = r->operation_cap ? r->operation_cap * 2 : 1024;
        struct operation *table = calloc(cap, sizeof *table);
        if (!table)
            abort();
        for (size_t i = 0; i < r->operation_cap; i++)
            if (r->operations[i].hash)
                put_operation(table, cap, r->operations[i]);
        free(r->operations);
        r->operations = table;
        r->operation_cap = cap;
    }
    put_operation(r->operations, r->operation_cap, (struct operation){hash, id});
    r->operation_count++;
}

static int64_t recall(const struct azm_rollup *r, uint64_t hash)
{
    if (r->operation_cap == 0)
        return 0;
    for (size_t at = hash & (r->operation_cap - 1); r->operations[at].hash; at = (at + 1) & (r->operation_cap - 1))
        if (r->operations[at].hash == hash)
            return r->operations[at].id;
    return 0;
}

static enum azm_status load(struct azm_rollup *r, struct azm_error *err)
{
    struct azm_statement s;
    enum azm_status status = azm_statement_init(&s, r->db, "SELECT hash, id, service FROM operations", err);
    while (status == AZM_OK && (status = azm_statement_row(&s, err)) == AZM_OK) {
        remember(r, (uint64_t)azm_column_int(&s, 0), azm_column_int(&s, 1));
        service_of(r, azm_column_text(&s, 2))->operations++;
    }
    azm_statement_dispose(&s);
    return status == AZM_END ? AZM_OK : status;
}

enum azm_status azm_rollup_new(sqlite3 *db, struct azm_rollup **out, struct azm_error *err)
{
    struct azm_rollup *r = calloc(1, sizeof *r);
    if (!r)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the sums");
    r->db = db;
    enum azm_status status = load(r, err);
    const struct {
        struct azm_statement *statement;
        const char *sql;
    } all[] = {{&r->make, make_sql}, {&r->read, read_sql}, {&r->write, write_sql}};
    for (size_t i = 0; i < AZM_COUNT(all) && status == AZM_OK; i++)
        status = azm_statement_init(all[i].statement, db, all[i].sql, err);
    if (status == AZM_OK)
        *out = r;
    else
        azm_rollup_free(r);
    return status;
}

static void forget_sums(struct azm_rollup *r)
{
    for (size_t i = 0; i < r->sum_cap; i++)
        free(r->sums[i]);
    free(r->sums);
    r->sums = NULL;
    r->sum_count = r->sum_cap = 0;
}

void azm_rollup_free(struct azm_rollup *r)
{
    if (!r)
        return;
    azm_statement_dispose(&r->make);
    azm_statement_dispose(&r->read);
    azm_statement_dispose(&r->write);
    forget_sums(r);
    free(r->operations);
    free(r->services);
    free(r);
}

void azm_rollup_reset(struct azm_rollup *r)
{
    forget_sums(r);
    free(r->operations);
    r->operations = NULL;
    r->operation_count = r->operation_cap = 0;
    r->service_count = 0;
    if (load(r, NULL) != AZM_OK)
        forget_sums(r); /* what is missing is looked up again */
}

/* What tells operations apart. */
struct key {
    enum azm_sum_kind kind;
    azm_slice service, environment, name, type, function, trigger;
    bool coldstart, from_host;
    char room[64];
};

static uint64_t hash_of(const struct key *key)
{
    const azm_slice parts[] = {key->service, key->environment, key->name, key->type, key->function, key->trigger};
    char flags[3] = {(char)key->kind, (char)key->coldstart, (char)key->from_host};
    uint64_t hash = azm_stable_hash(azm_slice_of(flags, sizeof flags), AZM_STABLE_HASH);
    for (size_t i = 0; i < AZM_COUNT(parts); i++)
        hash = azm_stable_hash(AZM_S("\0"), azm_stable_hash(parts[i], hash));
    return hash ? hash : 1;
}

static enum azm_status make(struct azm_rollup *r, const struct key *key, uint64_t hash, int64_t *id)
{
    struct azm_statement *s = &r->make;
    azm_bind_int(s, (int64_t)hash);
    azm_bind_int(s, (int64_t)key->kind);
    azm_bind_key(s, key->service);
    azm_bind_key(s, key->environment);
    azm_bind_key(s, key->name);
    azm_bind_key(s, key->type);
    azm_bind_key(s, key->function);
    azm_bind_key(s, key->trigger);
    azm_bind_int(s, key->coldstart);
    azm_bind_int(s, key->from_host);
    enum azm_status status = azm_statement_row(s, NULL);
    *id = status == AZM_OK ? azm_column_int(s, 0) : 0;
    azm_statement_reset(s);
    return status;
}

/* 0: it cannot be had now; the events are kept all the same. */
static int64_t operation_of(struct azm_rollup *r, struct key *key)
{
    uint64_t hash = hash_of(key);
    int64_t id = recall(r, hash);
    if (id)
        return id;
    struct service *service = service_of(r, key->service);
    if (service->operations >= AZM_SUM_OPERATIONS && !azm_slice_eq(key->name, AZM_S(AZM_SUM_OTHER))) {
        key->name = AZM_S(AZM_SUM_OTHER);
        return operation_of(r, key);
    }
    if (make(r, key, hash, &id) == AZM_OK) {
        remember(r, hash, id);
        service->operations++;
    }
    return id;
}

static uint64_t place_of(int64_t operation, int64_t step)
{
    return ((uint64_t)operation * 0x9e3779b97f4a7c15u) ^ ((uint64_t)step * 0xc2b2ae3d27d4eb4fu);
}

static struct sum **slot_of(struct sum **table, size_t cap, int64_t operation, int64_t step)
{
    size_t at = (size_t)(place_of(operation, step) >> 16) & (cap - 1);
    while (table[at] && (table[at]->operation != operation || table[at]->step != step))
        at = (at + 1) & (cap - 1);
    return &table[at];
}

static void grow_sums(struct azm_rollup *r)
{
    size_t cap = r->sum_cap ? r->sum_cap * 2 : 256;
    struct sum **table = calloc(cap, sizeof(struct sum *));
    if (!table)
        abort();
    for (size_t i = 0; i < r->sum_cap; i++)
        if (r->sums[i])
            *slot_of(table, cap, r->sums[i]->operation, r->sums[i]->step) = r->sums[i];
    free(r->sums);
    r->sums = table;
    r->sum_cap = cap;
}

static struct sum *sum_of(struct azm_rollup *r, int64_t operation, int64_t step)
{
    if (r->sum_count * 2 >= r->sum_cap)
        grow_sums(r);
    struct sum **slot = slot_of(r->sums, r->sum_cap, operation, step);
    if (!*slot) {
        *slot = calloc(1, sizeof **slot);
        if (!*slot)
            abort();
        (*slot)->operation = operation;
        (*slot)->step = step;
        r->sum_count++;
    }
    return *slot;
}

static bool key_of(const struct azm_event *event, const struct azm_batch *batch, struct key *key)
{
    *key = (struct key){.service = event->service, .environment = batch->environment, .name = event->name};
    switch (event->kind) {
    case AZM_EVENT_TRANSACTION:
        key->kind = AZM_SUM_TRANSACTION;
        key->type = event->type;
        key->function = event->function;
        key->trigger = event->trigger;
        key->coldstart = event->coldstart;
        key->from_host = batch->from_host;
        return true;
    case AZM_EVENT_SPAN: {
        int n = snprintf(key->room, sizeof key->room, "%.*s/%.*s", AZM_FMT(azm_slice_take(event->type, 30)),
                         AZM_FMT(azm_slice_take(event->subtype, 30)));
        key->kind = AZM_SUM_DEPENDENCY;
        key->name = event->target;
        key->type = azm_slice_of(key->room, (size_t)n);
        return event->target.len > 0;
    }
    case AZM_EVENT_ERROR: {
        int n = snprintf(key->room, sizeof key->room, "%016" PRIx64, event->group);
        key->kind = AZM_SUM_ERROR;
        key->name = azm_slice_of(key->room, (size_t)n);
        return event->group != 0;
    }
    case AZM_EVENT_LOG: return false;
    }
    return false;
}

void azm_rollup_add(struct azm_rollup *r, const struct azm_event *event, const struct azm_batch *batch)
{
    struct key key;
    if (!key_of(event, batch, &key))
        return;
    int64_t operation = operation_of(r, &key);
    if (!operation)
        return;
    struct sum *sum = sum_of(r, operation, event->start_us / 1000000 / azm_sum_levels[0].step_s);
    double weight = event->weight > 0 ? event->weight : 1;
    sum->ok += event->outcome == AZM_OUTCOME_SUCCESS ? weight : 0;
    sum->failed += event->outcome == AZM_OUTCOME_FAILURE ? weight : 0;
    sum->unknown += event->outcome == AZM_OUTCOME_UNKNOWN ? weight : 0;
    sum->sum_us += (int64_t)((double)event->duration_us * weight);
    sum->max_us = event->duration_us > sum->max_us ? event->duration_us : sum->max_us;
    sum->last_us = event->start_us > sum->last_us ? event->start_us : sum->last_us;
    if (event->kind != AZM_EVENT_ERROR)
        azm_histogram_add(&sum->histogram, event->duration_us, weight);
}

static enum azm_status add_stored(struct azm_rollup *r, int level, int64_t at, struct sum *sum, struct azm_error *err)
{
    struct azm_statement *s = &r->read;
    azm_bind_int(s, level);
    azm_bind_int(s, at);
    azm_bind_int(s, sum->operation);
    enum azm_status status = azm_statement_row(s, err);
    if (status == AZM_END)
        return AZM_OK;
    if (status != AZM_OK)
        return status;
    int64_t max_us = azm_column_int(s, 4), last_us = azm_column_int(s, 5);
    sum->ok += azm_column_real(s, 0);
    sum->failed += azm_column_real(s, 1);
    sum->unknown += azm_column_real(s, 2);
    sum->sum_us += azm_column_int(s, 3);
    sum->max_us = max_us > sum->max_us ? max_us : sum->max_us;
    sum->last_us = last_us > sum->last_us ? last_us : sum->last_us;
    status = azm_histogram_decode(azm_column_bytes(s, 6), &sum->histogram);
    azm_statement_reset(s);
    return status == AZM_OK ? AZM_OK : azm_fail(err, status, "a histogram of the sums is damaged");
}

static enum azm_status write_sum(struct azm_rollup *r, int level, int64_t at, const struct sum *sum,
                                 struct azm_error *err)
{
    char storage[HISTOGRAM_BYTES];
    struct azm_buf histogram;
    azm_buf_init_fixed(&histogram, storage, sizeof storage);
    azm_histogram_encode(&sum->histogram, &histogram);
    struct azm_statement *s = &r->write;
    azm_bind_int(s, level);
    azm_bind_int(s, at);
    azm_bind_int(s, sum->operation);
    azm_bind_real(s, sum->ok);
    azm_bind_real(s, sum->failed);
    azm_bind_real(s, sum->unknown);
    azm_bind_int(s, sum->sum_us);
    azm_bind_int(s, sum->max_us);
    azm_bind_int(s, sum->last_us);
    azm_bind_bytes(s, azm_buf_slice(&histogram));
    return azm_statement_run(s, err);
}

static enum azm_status flush_one(struct azm_rollup *r, const struct sum *sum, struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    for (int level = 0; level < AZM_SUM_LEVELS && status == AZM_OK; level++) {
        int64_t at = sum->step * azm_sum_levels[0].step_s / azm_sum_levels[level].step_s;
        struct sum whole = *sum;
        status = add_stored(r, level, at, &whole, err);
        if (status == AZM_OK)
            status = write_sum(r, level, at, &whole, err);
    }
    return status;
}

enum azm_status azm_rollup_flush(struct azm_rollup *r, struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    for (size_t i = 0; i < r->sum_cap && status == AZM_OK; i++)
        if (r->sums[i])
            status = flush_one(r, r->sums[i], err);
    if (status == AZM_OK)
        forget_sums(r);
    return status;
}

enum azm_status azm_rollup_forget(sqlite3 *db, int64_t now_us, bool *more, struct azm_error *err)
{
    struct azm_statement s;
    *more = false;
    enum azm_status status =
        azm_statement_init(&s, db,
                           "DELETE FROM sums WHERE level = ?1 AND at < ?2 AND (at, operation) IN"
                           " (SELECT at, operation FROM sums WHERE level = ?1 AND at < ?2 LIMIT ?3)",
                           err);
    for (int level = 0; level < AZM_SUM_LEVELS && status == AZM_OK; level++) {
        azm_bind_int(&s, level);
        azm_bind_int(&s, (now_us / 1000000 - azm_sum_levels[level].keep_s) / azm_sum_levels[level].step_s);
        azm_bind_int(&s, FORGET_ROWS);
        status = azm_statement_run(&s, err);
        *more = *more || sqlite3_changes(db) == FORGET_ROWS;
    }
    azm_statement_dispose(&s);
    return status;
}
