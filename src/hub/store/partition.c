#include "hub/store/partition.h"

#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

enum { SQL_MAX = 4096 };

/* trace, id, parent, transaction_id: a BLOB where it is hex, else the TEXT as it came (id.h). block, at, size: where
 * the event's JSON lies. Times in us since 1970 UTC; outcome as enum azm_outcome, kind as enum azm_event_kind.
 * traces has one row per trace, kept up to date by the writer, so that a list needs no grouping. change is a number
 * that rises each time the row's first transaction becomes known or another one turns out to be the first: readers that
 * follow ask for what is greater than the last they saw. continues: the trace began in the partition before.
 * marks tells where a time lies (marks.h).
 * words holds a document for each event (words.h) under the event's seq. */
static const char tables_sql[] =
    "CREATE TABLE blocks_N (block INTEGER PRIMARY KEY, size INTEGER NOT NULL, data BLOB NOT NULL);"
    "CREATE TABLE events_N (seq INTEGER PRIMARY KEY, kind INTEGER NOT NULL, trace NOT NULL, id NOT NULL, parent,"
    " transaction_id, resource INTEGER NOT NULL, start_us INTEGER NOT NULL, duration_us INTEGER NOT NULL,"
    " service TEXT NOT NULL, name TEXT, type TEXT, subtype TEXT, result TEXT, message TEXT, faas_trigger TEXT,"
    " function TEXT, target TEXT, culprit TEXT, operation TEXT, outcome INTEGER NOT NULL, coldstart INTEGER NOT NULL,"
    " status INTEGER NOT NULL, grp INTEGER NOT NULL, block INTEGER NOT NULL, at INTEGER NOT NULL,"
    " size INTEGER NOT NULL);"
    "CREATE UNIQUE INDEX events_N_id ON events_N (trace, id, resource);"
    "CREATE INDEX events_N_called ON events_N (start_us) WHERE kind = 0 AND parent IS NOT NULL;"
    "CREATE TABLE traces_N (seq INTEGER PRIMARY KEY, trace NOT NULL UNIQUE, continues INTEGER NOT NULL,"
    " change INTEGER NOT NULL, start_us INTEGER NOT NULL, root INTEGER NOT NULL, transaction_id, service TEXT,"
    " name TEXT, type TEXT, duration_us INTEGER, outcome INTEGER, result TEXT, faas_trigger TEXT, function TEXT,"
    " coldstart INTEGER NOT NULL, transactions INTEGER NOT NULL, spans INTEGER NOT NULL, errors INTEGER NOT NULL,"
    " logs INTEGER NOT NULL, failed INTEGER NOT NULL);"
    "CREATE INDEX traces_N_change ON traces_N (change);"
    "CREATE INDEX traces_N_start ON traces_N (start_us);"
    "CREATE INDEX traces_N_duration ON traces_N (duration_us);"
    "CREATE VIRTUAL TABLE words_N USING fts5 (words, content='', columnsize=0, detail=none, tokenize='ascii');"
    "CREATE TABLE points_N (series INTEGER NOT NULL, time_us INTEGER NOT NULL, value REAL NOT NULL,"
    " PRIMARY KEY (series, time_us)) WITHOUT ROWID;"
    "CREATE TABLE marks_N (minute INTEGER UNIQUE, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL);";

static const char drop_sql[] = "DROP TABLE IF EXISTS blocks_N; DROP TABLE IF EXISTS events_N;"
                               "DROP TABLE IF EXISTS traces_N; DROP TABLE IF EXISTS words_N;"
                               "DROP TABLE IF EXISTS points_N; DROP TABLE IF EXISTS marks_N;";

static void number_sql(const char *sql, int64_t id, struct azm_buf *out)
{
    const char *place;
    for (; (place = strstr(sql, "_N")); sql = place + 2) {
        azm_buf_add(out, azm_slice_of(sql, (size_t)(place - sql)));
        azm_buf_addf(out, "_%" PRId64, id);
    }
    azm_buf_add_str(out, sql);
    azm_buf_add_byte(out, '\0');
}

enum azm_status azm_partition_statement(struct azm_statement *s, sqlite3 *db, const char *sql, int64_t id,
                                        struct azm_error *err)
{
    char storage[SQL_MAX];
    struct azm_buf text;
    azm_buf_init_fixed(&text, storage, sizeof storage);
    number_sql(sql, id, &text);
    *s = (struct azm_statement){.next = 1};
    return text.failed ? azm_fail(err, AZM_TOO_BIG, "a statement is longer than %d bytes", SQL_MAX)
                       : azm_statement_init(s, db, storage, err);
}

enum azm_status azm_partition_run(sqlite3 *db, const char *sql, int64_t id, struct azm_error *err)
{
    char storage[SQL_MAX];
    struct azm_buf text;
    azm_buf_init_fixed(&text, storage, sizeof storage);
    number_sql(sql, id, &text);
    return azm_statement_exec(db, storage, err);
}

enum azm_status azm_partition_create(sqlite3 *db, int64_t id, int64_t opened_us, struct azm_error *err)
{
    struct azm_statement s;
    enum azm_status status = azm_partition_run(db, tables_sql, id, err);
    if (status != AZM_OK)
        return status;
    status = azm_statement_init(&s, db,
                                "INSERT INTO partitions (id, opened_us, last_us, min_start_us, max_start_us, events,"
                                " bytes) VALUES (?1, ?2, 0, 0, 0, 0, 0)",
                                err);
    azm_bind_int(&s, id);
    azm_bind_int(&s, opened_us);
    if (status == AZM_OK)
        status = azm_statement_run(&s, err);
    azm_statement_dispose(&s);
    return status;
}

enum azm_status azm_partition_drop(sqlite3 *db, int64_t id, struct azm_error *err)
{
    struct azm_statement s;
    enum azm_status status = azm_partition_run(db, drop_sql, id, err);
    if (status != AZM_OK)
        return status;
    status = azm_statement_init(&s, db, "DELETE FROM partitions WHERE id = ?", err);
    azm_bind_int(&s, id);
    if (status == AZM_OK)
        status = azm_statement_run(&s, err);
    azm_statement_dispose(&s);
    return status;
}

bool azm_partition_exists(sqlite3 *db, int64_t id)
{
    struct azm_statement s;
    if (azm_statement_init(&s, db, "SELECT 1 FROM partitions WHERE id = ?", NULL) != AZM_OK)
        return false;
    azm_bind_int(&s, id);
    bool there = azm_statement_row(&s, NULL) == AZM_OK;
    azm_statement_dispose(&s);
    return there;
}

enum azm_status azm_partition_save(sqlite3 *db, const struct azm_partition *partition, struct azm_error *err)
{
    struct azm_statement s;
    enum azm_status status = azm_statement_init(&s, db,
                                                "UPDATE partitions SET last_us = ?, min_start_us = ?, max_start_us = ?,"
                                                " events = ?, bytes = ? WHERE id = ?",
                                                err);
    if (status != AZM_OK)
        return status;
    const int64_t values[] = {partition->last_us, partition->min_start_us, partition->max_start_us,
                              partition->events,  partition->bytes,        partition->id};
    for (size_t i = 0; i < AZM_COUNT(values); i++)
        azm_bind_int(&s, values[i]);
    status = azm_statement_run(&s, err);
    azm_statement_dispose(&s);
    return status;
}

static void read_one(const struct azm_statement *s, struct azm_partition *out)
{
    *out = (struct azm_partition){.id = azm_column_int(s, 0),
                                  .opened_us = azm_column_int(s, 1),
                                  .last_us = azm_column_int(s, 2),
                                  .min_start_us = azm_column_int(s, 3),
                                  .max_start_us = azm_column_int(s, 4),
                                  .events = azm_column_int(s, 5),
                                  .bytes = azm_column_int(s, 6)};
}

static bool add_one(struct azm_partition_list *list, size_t *cap)
{
    if (list->count < *cap)
        return true;
    size_t wanted = *cap ? *cap * 2 : 64;
    struct azm_partition *items = realloc(list->items, wanted * sizeof *items);
    if (!items)
        return false;
    list->items = items;
    *cap = wanted;
    return true;
}

enum azm_status azm_partitions_read(sqlite3 *db, struct azm_partition_list *list, struct azm_error *err)
{
    struct azm_statement s;
    size_t cap = 0;
    *list = (struct azm_partition_list){.count = 0};
    enum azm_status status = azm_statement_init(&s, db,
                                                "SELECT id, opened_us, last_us, min_start_us, max_start_us, events,"
                                                " bytes FROM partitions ORDER BY id DESC",
                                                err);
    while (status == AZM_OK && (status = azm_statement_row(&s, err)) == AZM_OK) {
        if (!add_one(list, &cap))
            status = azm_fail(err, AZM_NO_MEMORY, "no memory for the list of partitions");
        else
            read_one(&s, &list->items[list->count++]);
    }
    azm_statement_dispose(&s);
    if (status == AZM_END)
        return AZM_OK;
    azm_partitions_dispose(list);
    return status;
}

void azm_partitions_dispose(struct azm_partition_list *list)
{
    free(list->items);
    *list = (struct azm_partition_list){.count = 0};
}
