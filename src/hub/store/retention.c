#include "hub/store/retention.h"

#include <sqlite3.h>

/* PARTS: of the whole, a partition is one of so many. */
enum { PARTS = 16 };
static const int64_t day_us = 86400000000;
static const int64_t least_bytes = 64 * 1024, most_bytes = (int64_t)2 * 1024 * 1024 * 1024;
static const int64_t least_age_us = 3600000000, usual_bytes = (int64_t)1024 * 1024 * 1024;

struct azm_partition_limits azm_retention_partitions(const struct azm_retention *limits)
{
    struct azm_partition_limits out = {.bytes = usual_bytes};
    if (limits->max_bytes)
        out.bytes = (int64_t)(limits->max_bytes / PARTS);
    out.bytes = out.bytes < least_bytes ? least_bytes : out.bytes > most_bytes ? most_bytes : out.bytes;
    if (limits->max_age_us) {
        out.age_us = limits->max_age_us / PARTS;
        out.age_us =
            out.age_us < least_age_us && limits->max_age_us >= PARTS * least_age_us ? least_age_us : out.age_us;
    }
    return out;
}

static int64_t ask(sqlite3 *db, const char *sql)
{
    struct azm_statement s;
    int64_t value = 0;
    if (azm_statement_init(&s, db, sql, NULL) == AZM_OK && azm_statement_row(&s, NULL) == AZM_OK)
        value = azm_column_int(&s, 0);
    azm_statement_dispose(&s);
    return value;
}

uint64_t azm_retention_used(sqlite3 *db)
{
    int64_t pages = ask(db, "PRAGMA page_count") - ask(db, "PRAGMA freelist_count");
    return (uint64_t)pages * (uint64_t)ask(db, "PRAGMA page_size");
}

static enum azm_status change(sqlite3 *db, const char *sql, int64_t cutoff, bool *found, struct azm_error *err)
{
    struct azm_statement s;
    enum azm_status status = azm_statement_init(&s, db, sql, err);
    if (status == AZM_OK) {
        azm_bind_int(&s, cutoff);
        status = azm_statement_run(&s, err);
    }
    *found = *found || (status == AZM_OK && sqlite3_changes(db) > 0);
    azm_statement_dispose(&s);
    return status;
}

/* oldest_us: what was received before is gone. */
static enum azm_status forget_beside(sqlite3 *db, int64_t oldest_us, int64_t now_us, bool *more, struct azm_error *err)
{
    static const char *const sql[] = {
        "DELETE FROM groups WHERE grp IN (SELECT grp FROM groups WHERE received_us < ?1 LIMIT 1000)",
        "DELETE FROM processes WHERE id IN (SELECT id FROM processes WHERE last_us < ?1 LIMIT 1000)",
        ("DELETE FROM series WHERE id IN (SELECT s.id FROM series s LEFT JOIN processes p ON p.id = s.process"
         " WHERE p.id IS NULL AND ?1 LIMIT 1000)"),
    };
    enum azm_status status = AZM_OK;
    *more = false;
    for (size_t i = 0; i < AZM_COUNT(sql) && status == AZM_OK; i++)
        status = change(db, sql[i], oldest_us, more, err);
    bool ignored = false;
    int64_t day = now_us / day_us - azm_sum_levels[AZM_SUM_LEVELS - 1].keep_s / 86400;
    if (status == AZM_OK)
        status = change(db, "DELETE FROM usage WHERE day < ?", day, &ignored, err);
    if (status == AZM_OK)
        status = change(db, "DELETE FROM usage_processes WHERE day < ?", day, &ignored, err);
    bool steps = false;
    if (status == AZM_OK)
        status = azm_rollup_forget(db, now_us, &steps, err);
    *more = *more || steps;
    return status;
}

static enum azm_status step(sqlite3 *db, const struct azm_retention *limits, int64_t now_us, bool *more,
                            struct azm_error *err)
{
    struct azm_partition_list list;
    enum azm_status status = azm_partitions_read(db, &list, err);
    if (status != AZM_OK)
        return status;
    const struct azm_partition *oldest = list.count ? &list.items[list.count - 1] : NULL;
    int64_t cutoff_us = limits->max_age_us ? now_us - limits->max_age_us : 0;
    bool old = oldest && oldest->last_us < cutoff_us;
    bool large = limits->max_bytes && azm_retention_used(db) > limits->max_bytes;
    *more = false;
    if (oldest && list.count > 1 && (old || large)) {
        status = azm_partition_drop(db, oldest->id, err);
        *more = true;
    } else {
        status = forget_beside(db, old ? cutoff_us : oldest ? oldest->opened_us : 0, now_us, more, err);
    }
    azm_partitions_dispose(&list);
    return status;
}

enum azm_status azm_retention_step(sqlite3 *db, const struct azm_retention *limits, int64_t now_us, bool *more,
                                   struct azm_error *err)
{
    enum azm_status status = azm_statement_exec(db, "BEGIN IMMEDIATE", err);
    if (status != AZM_OK)
        return status;
    status = step(db, limits, now_us, more, err);
    if (status == AZM_OK)
        return azm_statement_exec(db, "COMMIT", err);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
