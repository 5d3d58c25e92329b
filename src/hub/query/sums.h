/* Sums over time, put together as an answer needs them: by service or by operation, in steps of a curve.
 * Inside src/hub/query only. */
#pragma once

#include "hub/query/params.h"
#include "hub/store/read_sums.h"
#include "json/write.h"

enum { AZM_SUMS_KNOWN = 4096 };
enum azm_sums_by { AZM_BY_SERVICE, AZM_BY_OPERATION, AZM_BY_NAME };

/* One point of a curve. */
struct azm_point {
    double ok, failed, unknown, cold;
    int64_t sum_us;
    struct azm_histogram all;
};

struct azm_sums {
    azm_slice service, environment, name, type, function,
        trigger; /* what its kind is told apart by, the others empty */
    bool from_host;
    double ok, failed, unknown;
    int64_t sum_us, last_us;
    double cold;
    int64_t cold_us;
    struct azm_histogram all, warm_only, cold_only;
    struct azm_point **points; /* of the table's point_count; NULL: nothing in that step */
};

struct azm_sums_table {
    struct azm_arena arena;
    enum azm_sums_by by;
    int64_t since_us, until_us, bucket_us; /* since_us begins a step */
    size_t point_count;
    struct azm_sums **items;
    size_t count, cap;
    struct { /* which sums an operation belongs to; by its number, the last one with that place */
        int64_t operation;
        struct azm_sums *sums;
    } known[AZM_SUMS_KNOWN];
};

/* Reads what params ask for, of that kind; usual_us: how far back without since. To be disposed of in any case. */
enum azm_status azm_sums_read(struct azm_sums_table *table, struct azm_reader *reader, const struct azm_params *params,
                              enum azm_sum_kind kind, enum azm_sums_by by, int64_t usual_us,
                              struct azm_error *err) AZM_MUST_CHECK;
void azm_sums_dispose(struct azm_sums_table *table);
/* Drops what the Functions host tells of services (or functions) that an agent tells of, too. */
void azm_sums_drop_host(struct azm_sums_table *table);

double azm_sums_count(const struct azm_sums *sums);
/* requests, per_minute, failed_ratio, avg_us, p50_us, p95_us, p99_us, last_us. */
void azm_sums_answer(const struct azm_sums_table *table, const struct azm_sums *sums, struct azm_json_writer *json);
/* "series": [...] */
void azm_sums_answer_series(const struct azm_sums_table *table, const struct azm_sums *sums,
                            struct azm_json_writer *json);
/* since_us, until_us, bucket_us. */
void azm_sums_answer_range(const struct azm_sums_table *table, struct azm_json_writer *json);
