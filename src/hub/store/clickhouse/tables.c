#include "hub/store/clickhouse/tables.h"

#include "base/time.h"
#include "hub/store/clickhouse/rows.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { VERSION = 1, DAYS_MAX = 4000, ACTIVITY_DAYS = 800, CODECS_SINCE = 2003 };
static const int64_t day_us = 86400000000;

/* {z}: how bodies are compressed. */
static const char *const statements[] = {
    "CREATE TABLE IF NOT EXISTS events (received_day Date, slot Int64, trace String, id String, process Int64,"
    " key UInt64, seq Int64, kind UInt8, parent String, transaction String, start_us Int64, duration_us Int64,"
    " service String, environment String, name String, type String, subtype String, result String, message String,"
    " faas_trigger String, func String, target String, culprit String, operation String, outcome UInt8,"
    " coldstart UInt8, from_host UInt8, status UInt16, grp Int64, weight Float64, bucket UInt16,"
    " words Array(String){z}, attributes Array(UInt64), received_us Int64, raw String{z})"
    " ENGINE = ReplacingMergeTree() PARTITION BY received_day ORDER BY (slot, trace, id, process)",
    "CREATE TABLE IF NOT EXISTS trace_hours (received_day Date, trace String, hour Int64)"
    " ENGINE = ReplacingMergeTree() PARTITION BY received_day ORDER BY (trace, hour)",
    "CREATE TABLE IF NOT EXISTS processes (received_day Date, process Int64, metadata String, service String,"
    " environment String, node String, agent String, from_host UInt8)"
    " ENGINE = ReplacingMergeTree() PARTITION BY received_day ORDER BY process",
    "CREATE TABLE IF NOT EXISTS samples (received_day Date, process Int64, service String, name String, unit String,"
    " labels String, time_us Int64, value Float64)"
    " ENGINE = ReplacingMergeTree() PARTITION BY received_day ORDER BY (process, service, name, labels, time_us)",
    "CREATE TABLE IF NOT EXISTS activity (received_day Date, service String, process Int64, run UInt64, version Int64,"
    " first_us Int64, last_us Int64, transactions Int64, spans Int64, errors Int64, logs Int64, samples Int64,"
    " bytes Int64, coldstarts Int64, memory_most Int64, memory_bytes Int64, memory_us Int64)"
    " ENGINE = ReplacingMergeTree(version) PARTITION BY toYYYYMM(received_day)"
    " ORDER BY (received_day, service, process, run)",
};

static enum azm_status ask_number(struct azm_clickhouse_client *client, azm_slice sql, int64_t *out,
                                  struct azm_error *err)
{
    struct azm_buf *answer;
    struct azm_rows rows;
    azm_slice columns[AZM_ROW_COLUMNS];
    enum azm_status status = azm_clickhouse_ask(client, sql, &answer, err);
    if (status != AZM_OK)
        return status;
    azm_rows_begin(&rows, answer, 1);
    if (azm_rows_next(&rows, columns) != AZM_OK)
        return azm_fail(err, AZM_IO, "ClickHouse answered \"%.*s\" without a number", AZM_FMT(azm_slice_take(sql, 60)));
    *out = azm_row_int(columns[0]);
    return AZM_OK;
}

/* 24.8.1 is 2408. */
static enum azm_status server_version(struct azm_clickhouse_client *client, int64_t *out, struct azm_error *err)
{
    struct azm_buf *answer;
    uint64_t major, minor;
    azm_slice part = AZM_S(""), rest;
    enum azm_status status = azm_clickhouse_ask(client, AZM_S("SELECT version()"), &answer, err);
    if (status != AZM_OK)
        return status;
    rest = azm_slice_take(azm_buf_slice(answer), azm_slice_find(azm_buf_slice(answer), '\n'));
    azm_slice all = azm_slice_take(rest, 30);
    bool good = azm_slice_split(&rest, '.', &part) && azm_slice_to_u64(part, &major) == AZM_OK &&
                azm_slice_split(&rest, '.', &part) && azm_slice_to_u64(part, &minor) == AZM_OK && major < 10000 &&
                minor < 100;
    if (!good)
        return azm_fail(err, AZM_BAD_INPUT,
                        "the server's version is \"%.*s\": expected one such as 18.16.1; is it a "
                        "ClickHouse server's HTTP port?",
                        AZM_FMT(all));
    *out = (int64_t)(major * 100 + minor);
    return AZM_OK;
}

static enum azm_status make_one(struct azm_clickhouse_client *client, const char *statement, const char *codec,
                                struct azm_error *err)
{
    struct azm_buf sql;
    azm_slice rest = azm_slice_str(statement);
    azm_buf_init(&sql, 16384);
    for (size_t at; (at = azm_slice_search(rest, AZM_S("{z}"))) < rest.len; rest = azm_slice_drop(rest, at + 3)) {
        azm_buf_add(&sql, azm_slice_take(rest, at));
        azm_buf_add_str(&sql, codec);
    }
    azm_buf_add(&sql, rest);
    enum azm_status status = azm_clickhouse_ask(client, azm_buf_slice(&sql), NULL, err);
    azm_buf_dispose(&sql);
    return status;
}

static enum azm_status check_version(struct azm_clickhouse_client *client, int64_t *now, struct azm_error *err)
{
    enum azm_status status =
        azm_clickhouse_ask(client,
                           AZM_S("CREATE TABLE IF NOT EXISTS versions (version UInt32) ENGINE = ReplacingMergeTree()"
                                 " ORDER BY version"),
                           NULL, err);
    if (status == AZM_OK)
        status = ask_number(client, AZM_S("SELECT max(version) FROM versions"), now, err);
    if (status == AZM_OK && *now > VERSION)
        return azm_fail(err, AZM_UNSUPPORTED,
                        "the database has version %" PRId64 " of the tables, this azimuth knows %d", *now, VERSION);
    return status;
}

enum azm_status azm_tables_make(struct azm_clickhouse_client *client, struct azm_error *err)
{
    int64_t server = 0, now = 0;
    enum azm_status status = azm_clickhouse_create(client, err);
    if (status == AZM_OK)
        status = server_version(client, &server, err);
    if (status == AZM_OK)
        status = check_version(client, &now, err);
    const char *codec = server >= CODECS_SINCE ? " CODEC(ZSTD(3))" : "";
    for (size_t i = 0; i < AZM_COUNT(statements) && status == AZM_OK; i++)
        status = make_one(client, statements[i], codec, err);
    if (status == AZM_OK && now < VERSION)
        status = azm_clickhouse_insert(client, "versions", AZM_S("{\"version\":1}\n"), err);
    return status;
}

/* As a date, "2026-11-24"; of months "202611". */
void azm_date_of(int64_t time_us, char out[AZM_DATE_TEXT])
{
    char text[AZM_TIME_TEXT];
    azm_time_format(time_us, text);
    azm_slice_copy(azm_slice_of(text, AZM_DATE_TEXT - 1), out, AZM_DATE_TEXT);
}

static bool is_date(azm_slice text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '-' && (text.ptr[i] < '0' || text.ptr[i] > '9'))
            return false;
    return text.len == 10 || text.len == 6;
}

struct days {
    char dates[DAYS_MAX][AZM_DATE_TEXT];
    size_t count;
};

/* Of a table's partitions, the oldest first. */
static enum azm_status days_of(struct azm_clickhouse_client *client, const char *table, struct days *days,
                               struct azm_error *err)
{
    struct azm_buf *answer;
    struct azm_rows rows;
    azm_slice columns[AZM_ROW_COLUMNS];
    char sql[300];
    int n = snprintf(sql, sizeof sql,
                     "SELECT DISTINCT partition FROM system.parts WHERE active AND database = currentDatabase()"
                     " AND table = '%s' ORDER BY partition",
                     table);
    enum azm_status status = azm_clickhouse_ask(client, azm_slice_of(sql, (size_t)n), &answer, err);
    days->count = 0;
    if (status != AZM_OK)
        return status;
    azm_rows_begin(&rows, answer, 1);
    while (days->count < DAYS_MAX && azm_rows_next(&rows, columns) == AZM_OK)
        if (is_date(columns[0]))
            azm_slice_copy(columns[0], days->dates[days->count++], AZM_DATE_TEXT);
    return AZM_OK;
}

static enum azm_status drop(struct azm_clickhouse_client *client, const char *table, const char *date,
                            struct azm_error *err)
{
    char sql[200];
    bool month = strlen(date) == 6;
    int n = snprintf(sql, sizeof sql, "ALTER TABLE %s DROP PARTITION %s%s%s", table, month ? "" : "'", date,
                     month ? "" : "'");
    return azm_clickhouse_ask(client, azm_slice_of(sql, (size_t)n), NULL, err);
}

/* What is before the date. */
static enum azm_status drop_before(struct azm_clickhouse_client *client, const char *table, const char *date,
                                   struct days *days, struct azm_error *err)
{
    enum azm_status status = days_of(client, table, days, err);
    for (size_t i = 0; i < days->count && status == AZM_OK && strcmp(days->dates[i], date) < 0; i++)
        status = drop(client, table, days->dates[i], err);
    return status;
}

static const char *const by_day[] = {"events", "trace_hours", "samples", "processes"};

static enum azm_status drop_days_before(struct azm_clickhouse_client *client, const char *date, struct days *days,
                                        struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    for (size_t i = 0; i < AZM_COUNT(by_day) && status == AZM_OK; i++)
        status = drop_before(client, by_day[i], date, days, err);
    return status;
}

enum azm_status azm_tables_bytes(struct azm_clickhouse_client *client, uint64_t *bytes, struct azm_error *err)
{
    int64_t number = 0;
    enum azm_status status = ask_number(client,
                                        AZM_S("SELECT sum(bytes_on_disk) FROM system.parts WHERE active AND database ="
                                              " currentDatabase()"),
                                        &number, err);
    *bytes = (uint64_t)number;
    return status;
}

/* By size: the oldest day goes, then it is looked again. */
static enum azm_status forget_largest(struct azm_clickhouse_client *client, uint64_t max_bytes, const char *today,
                                      struct days *days, struct azm_error *err)
{
    uint64_t bytes = 0;
    enum azm_status status = azm_tables_bytes(client, &bytes, err);
    while (status == AZM_OK && bytes > max_bytes) {
        status = days_of(client, "events", days, err);
        if (status != AZM_OK || days->count < 2 || strcmp(days->dates[1], today) > 0)
            return status;
        char next[AZM_DATE_TEXT];
        memcpy(next, days->dates[1], sizeof next);
        status = drop_days_before(client, next, days, err);
        if (status == AZM_OK)
            status = azm_tables_bytes(client, &bytes, err);
    }
    return status;
}

static enum azm_status forget(struct azm_clickhouse_client *client, int64_t max_age_us, uint64_t max_bytes,
                              int64_t now_us, struct days *days, struct azm_error *err)
{
    char date[AZM_DATE_TEXT], month[AZM_DATE_TEXT];
    azm_date_of(now_us - ACTIVITY_DAYS * day_us, date);
    snprintf(month, sizeof month, "%.4s%.2s", date, date + 5);
    enum azm_status status = drop_before(client, "activity", month, days, err);
    azm_date_of(now_us - max_age_us, date);
    if (status == AZM_OK && max_age_us)
        status = drop_days_before(client, date, days, err);
    azm_date_of(now_us, date);
    return status == AZM_OK && max_bytes ? forget_largest(client, max_bytes, date, days, err) : status;
}

enum azm_status azm_tables_forget(struct azm_clickhouse_client *client, int64_t max_age_us, uint64_t max_bytes,
                                  int64_t now_us, struct azm_error *err)
{
    struct days *days = malloc(sizeof *days);
    if (!days)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the list of partitions");
    enum azm_status status = forget(client, max_age_us, max_bytes, now_us, days, err);
    free(days);
    return status;
}
