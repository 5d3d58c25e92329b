#include "hub/store/marks.h"

#include "hub/store/partition.h"

#include <sqlite3.h>

enum { MINUTE_US = 60000000 };

static const char write_sql[] =
    "INSERT INTO marks_N (minute, first_seq, last_seq) VALUES (?1, ?2, ?3) ON CONFLICT (minute) DO UPDATE SET"
    " first_seq = min(first_seq, excluded.first_seq), last_seq = max(last_seq, excluded.last_seq)";

/* minute NULL: what is not known by its minute. */
const char azm_marks_sql[] = "SELECT min(first_seq), max(last_seq) FROM"
                             " (SELECT first_seq, last_seq FROM marks_N WHERE minute >= ?1 AND minute <= ?2"
                             " UNION ALL SELECT first_seq, last_seq FROM marks_N WHERE minute IS NULL)";

static const char complete_sql[] =
    "CREATE TABLE marks_N (minute INTEGER UNIQUE, first_seq INTEGER NOT NULL, last_seq INTEGER NOT NULL);"
    "INSERT INTO marks_N (minute, first_seq, last_seq) SELECT NULL, min(seq), max(seq) FROM events_N"
    " HAVING count(*) > 0;"
    "CREATE INDEX IF NOT EXISTS events_N_called ON events_N (start_us) WHERE kind = 0 AND parent IS NOT NULL;";

static int64_t minute_of(int64_t start_us)
{
    return start_us / MINUTE_US;
}

enum azm_status azm_marks_prepare(struct azm_marks *marks, sqlite3 *db, int64_t partition, struct azm_error *err)
{
    azm_marks_dispose(marks);
    return azm_partition_statement(&marks->write, db, write_sql, partition, err);
}

void azm_marks_dispose(struct azm_marks *marks)
{
    azm_statement_dispose(&marks->write);
    *marks = (struct azm_marks){.minute = 0};
}

enum azm_status azm_marks_flush(struct azm_marks *marks, struct azm_error *err)
{
    if (marks->last == 0)
        return AZM_OK;
    azm_bind_int(&marks->write, marks->minute);
    azm_bind_int(&marks->write, marks->first);
    azm_bind_int(&marks->write, marks->last);
    marks->last = 0;
    return azm_statement_run(&marks->write, err);
}

enum azm_status azm_marks_add(struct azm_marks *marks, int64_t start_us, int64_t seq, struct azm_error *err)
{
    int64_t minute = minute_of(start_us);
    enum azm_status status = marks->last && marks->minute != minute ? azm_marks_flush(marks, err) : AZM_OK;
    if (marks->last == 0) {
        marks->minute = minute;
        marks->first = seq;
    }
    marks->last = seq;
    return status;
}

enum azm_status azm_marks_range(struct azm_statement *s, int64_t since_us, int64_t until_us,
                                struct azm_seq_range *range, struct azm_error *err)
{
    *range = (struct azm_seq_range){1, 0};
    azm_bind_int(s, minute_of(since_us));
    azm_bind_int(s, until_us ? minute_of(until_us) : INT64_MAX);
    enum azm_status status = azm_statement_row(s, err);
    if (status == AZM_OK && azm_column_int(s, 1) > 0)
        *range = (struct azm_seq_range){azm_column_int(s, 0), azm_column_int(s, 1)};
    azm_statement_reset(s);
    return status == AZM_END ? AZM_OK : status;
}

static bool lacks_marks(sqlite3 *db, int64_t partition)
{
    struct azm_statement s;
    bool there = azm_partition_statement(&s, db, "SELECT 1 FROM marks_N", partition, NULL) == AZM_OK;
    azm_statement_dispose(&s);
    return !there;
}

static enum azm_status complete_all(sqlite3 *db, struct azm_error *err)
{
    struct azm_partition_list list;
    enum azm_status status = azm_partitions_read(db, &list, err);
    for (size_t i = 0; i < list.count && status == AZM_OK; i++)
        if (lacks_marks(db, list.items[i].id))
            status = azm_partition_run(db, complete_sql, list.items[i].id, err);
    azm_partitions_dispose(&list);
    return status;
}

enum azm_status azm_marks_complete(sqlite3 *db, struct azm_error *err)
{
    enum azm_status status = azm_statement_exec(db, "BEGIN IMMEDIATE", err); /* another hub may do the same */
    if (status != AZM_OK)
        return status;
    status = complete_all(db, err);
    if (status == AZM_OK)
        return azm_statement_exec(db, "COMMIT", err);
    sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
    return status;
}
