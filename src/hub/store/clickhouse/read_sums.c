#include "hub/store/clickhouse/reading.h"
#include "hub/store/clickhouse/sql.h"
#include "hub/store/stable_hash.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

enum { HISTOGRAM_BYTES = 8192, COLUMNS = 16, OPERATIONS_MAX = 2000 };

/* What is told apart, by kind; {name} is what of it may become AZM_SUM_OTHER. */
static const struct {
    const char *name, *rest, *histogram;
} kinds[] = {
    [AZM_SUM_TRANSACTION] = {"name", "type, func, faas_trigger, coldstart, from_host", "sumMap([bucket], [weight])"},
    [AZM_SUM_DEPENDENCY] = {"target",
                            "concat(substring(type, 1, 30), '/', substring(subtype, 1, 30)) AS t, '' AS f, '' AS g,"
                            " toUInt8(0) AS cold, toUInt8(0) AS host",
                            "sumMap([bucket], [weight])"},
    [AZM_SUM_ERROR] = {"toString(grp)", "'' AS t, '' AS f, '' AS g, toUInt8(0) AS cold, toUInt8(0) AS host", NULL},
};

static void add_where(struct azm_buf *sql, const struct azm_sum_filter *filter, int64_t step_us)
{
    static const int kind_of[] = {AZM_EVENT_TRANSACTION, AZM_EVENT_SPAN, AZM_EVENT_ERROR};
    int64_t since = filter->since_us / step_us * step_us, until = filter->until_us / step_us * step_us + step_us - 1;
    azm_buf_addf(sql, " FROM events FINAL WHERE kind = %d", kind_of[filter->kind]);
    azm_sql_times(sql, since, until);
    azm_sql_equal(sql, "service", filter->service);
    azm_sql_equal(sql, "environment", filter->environment);
    azm_sql_equal(sql, "func", filter->function);
    if (filter->functions)
        azm_buf_add_str(sql, " AND func != ''");
    azm_buf_add_str(sql, filter->kind == AZM_SUM_DEPENDENCY ? " AND target != ''"
                         : filter->kind == AZM_SUM_ERROR    ? " AND grp != 0"
                                                            : "");
}

/* Errors are named by their group in hex; the tables have the number. */
static void add_name(struct azm_buf *sql, const struct azm_sum_filter *filter)
{
    if (filter->name.len && filter->kind == AZM_SUM_ERROR) {
        char text[17];
        azm_slice_copy(filter->name, text, sizeof text);
        azm_buf_addf(sql, " AND grp = %" PRId64, (int64_t)strtoull(text, NULL, 16));
    } else {
        azm_sql_equal(sql, filter->kind == AZM_SUM_DEPENDENCY ? "target" : "name", filter->name);
    }
}

static void make(struct azm_clickhouse_reader *reader, const struct azm_sum_filter *filter, int64_t step_us)
{
    const char *name = kinds[filter->kind].name, *histogram = kinds[filter->kind].histogram;
    struct azm_buf *sql = azm_clickhouse_sql(reader, "SELECT service, environment, ");
    azm_buf_addf(sql, "if((service, %s) IN (SELECT service, n FROM (SELECT service, %s AS n, count() AS many", name,
                 name);
    add_where(sql, filter, step_us);
    add_name(sql, filter);
    azm_buf_addf(sql,
                 " GROUP BY service, n ORDER BY many DESC LIMIT %d BY service)), %s, '" AZM_SUM_OTHER "') AS n, %s",
                 OPERATIONS_MAX, name, kinds[filter->kind].rest);
    azm_buf_addf(sql,
                 ", intDiv(start_us, %" PRId64 ") AS at, sum(weight * (outcome = 1)), sum(weight * (outcome = 2)),"
                 " sum(weight * (outcome = 0)), sum(duration_us * weight), max(start_us),"
                 " tupleElement(%s AS m, 1), tupleElement(m, 2)",
                 step_us, histogram ? histogram : "tuple([0], [0])");
    add_where(sql, filter, step_us);
    add_name(sql, filter);
    azm_buf_addf(sql, " GROUP BY service, environment, n, %s, at",
                 filter->kind == AZM_SUM_TRANSACTION ? kinds[filter->kind].rest : "t, f, g, cold, host");
}

static void encode(azm_slice buckets, azm_slice counts, struct azm_buf *out)
{
    struct azm_histogram histogram = {.total = 0};
    double bucket, count;
    while (azm_row_element(&buckets, &bucket) && azm_row_element(&counts, &count))
        if (bucket >= 0 && bucket < AZM_HISTOGRAM_BUCKETS)
            azm_histogram_add_bucket(&histogram, (unsigned)bucket, count);
    azm_histogram_encode(&histogram, out);
}

/* Equal for rows of one operation. */
static int64_t operation_of(const azm_slice *c)
{
    uint64_t hash = AZM_STABLE_HASH;
    for (size_t i = 0; i < 8; i++)
        hash = azm_stable_hash(AZM_S("\0"), azm_stable_hash(c[i], hash));
    return (int64_t)(hash >> 1);
}

static bool show(const struct azm_sum_filter *filter, const azm_slice *c, int64_t step_us, azm_sum_visit *visit,
                 void *self)
{
    char storage[HISTOGRAM_BYTES], hex[17];
    struct azm_buf histogram;
    azm_buf_init_fixed(&histogram, storage, sizeof storage);
    if (filter->kind != AZM_SUM_ERROR)
        encode(c[14], c[15], &histogram);
    struct azm_sum_row row = {.operation = operation_of(c),
                              .service = c[0],
                              .environment = c[1],
                              .name = c[2],
                              .type = c[3],
                              .function = c[4],
                              .trigger = c[5],
                              .coldstart = azm_row_int(c[6]) != 0,
                              .from_host = azm_row_int(c[7]) != 0,
                              .at_us = azm_row_int(c[8]) * step_us,
                              .ok = azm_row_real(c[9]),
                              .failed = azm_row_real(c[10]),
                              .unknown = azm_row_real(c[11]),
                              .sum_us = (int64_t)azm_row_real(c[12]),
                              .last_us = azm_row_int(c[13]),
                              .histogram = azm_buf_slice(&histogram)};
    if (filter->kind == AZM_SUM_ERROR && !azm_slice_eq(row.name, AZM_S(AZM_SUM_OTHER)))
        row.name = azm_slice_of(hex, (size_t)snprintf(hex, sizeof hex, "%016" PRIx64, (uint64_t)azm_row_int(c[2])));
    return visit(self, &row);
}

enum azm_status azm_clickhouse_sums(struct azm_reader *base, const struct azm_sum_filter *filter, azm_sum_visit *visit,
                                    void *self, struct azm_error *err)
{
    struct azm_clickhouse_reader *reader = azm_clickhouse_reader(base);
    struct azm_rows rows;
    azm_slice c[AZM_ROW_COLUMNS];
    int64_t step_us = azm_sums_step_s(filter->since_us, filter->until_us) * 1000000;
    make(reader, filter, step_us);
    enum azm_status status = azm_clickhouse_rows(reader, COLUMNS, &rows, err);
    while (status == AZM_OK && (status = azm_clickhouse_row(&rows, c, err)) == AZM_OK)
        if (!show(filter, c, step_us, visit, self))
            break;
    return status == AZM_END ? AZM_OK : status;
}
