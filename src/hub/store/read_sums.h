/* Reading what is kept beside the events: sums over time, groups of errors, processes, usage. */
#pragma once

#include "hub/store/histogram.h"
#include "hub/store/reader.h"
#include "hub/store/rollup.h"

/* One step of one operation; all but the numbers as rollup.h has it. */
struct azm_sum_row {
    int64_t operation;
    azm_slice service, environment, name, type, function, trigger;
    bool coldstart, from_host;
    int64_t at_us; /* where the step begins */
    double ok, failed, unknown;
    int64_t sum_us, last_us;
    azm_slice histogram; /* encoded */
};

/* Empty text: any. */
struct azm_sum_filter {
    enum azm_sum_kind kind;
    azm_slice service, environment, name, function;
    bool functions; /* only what has a function */
    int64_t since_us, until_us;
};

typedef bool azm_sum_visit(void *self, const struct azm_sum_row *row);

/* The level whose steps suit so long a time: seconds of a step. */
int64_t azm_sums_step_s(int64_t since_us, int64_t until_us);
/* Steps in no order. */
enum azm_status azm_reader_sums(struct azm_reader *reader, const struct azm_sum_filter *filter, azm_sum_visit *visit,
                                void *self, struct azm_error *err) AZM_MUST_CHECK;

struct azm_group_row {
    uint64_t group;
    azm_slice service, type, message, culprit, trace_id, id;
    int64_t first_us, last_us, count; /* of all that is known */
};

struct azm_group_filter {
    azm_slice service;
    azm_slice words; /* in type, message or culprit, without case */
    uint64_t group;  /* 0: any */
    int64_t since_us, until_us;
    struct azm_cursor from;
    int64_t limit;
};

typedef bool azm_group_visit(void *self, const struct azm_group_row *row);

/* The last seen first. */
enum azm_status azm_reader_groups(struct azm_reader *reader, const struct azm_group_filter *filter,
                                  azm_group_visit *visit, void *self, struct azm_cursor *next,
                                  struct azm_error *err) AZM_MUST_CHECK;

struct azm_process_row {
    int64_t id;
    azm_slice metadata, service, environment, node, agent;
    int64_t first_us, last_us, events, coldstarts, memory_bytes, memory_us;
};

typedef bool azm_process_row_visit(void *self, const struct azm_process_row *row);

/* Those that sent since then, the last first; service empty: of all. */
enum azm_status azm_reader_process_rows(struct azm_reader *reader, azm_slice service, int64_t since_us,
                                        int64_t until_us, int64_t limit, azm_process_row_visit *visit, void *self,
                                        struct azm_error *err) AZM_MUST_CHECK;

struct azm_usage_row {
    int64_t day; /* since 1970 */
    azm_slice service;
    int64_t transactions, spans, errors, logs, samples, bytes, processes, memory_bytes;
};

typedef bool azm_usage_visit(void *self, const struct azm_usage_row *row);

enum azm_status azm_reader_usage(struct azm_reader *reader, azm_slice service, int64_t since_us, int64_t until_us,
                                 azm_usage_visit *visit, void *self, struct azm_error *err) AZM_MUST_CHECK;

/* Who calls whom: transactions whose parent is a span or transaction of another service, the newest first. target is
 * the span's. *more: there were more than limit. */
struct azm_call_row {
    azm_slice caller, target, callee;
};

typedef bool azm_call_visit(void *self, const struct azm_call_row *row);

enum azm_status azm_reader_calls(struct azm_reader *reader, int64_t since_us, int64_t until_us, int64_t limit,
                                 azm_call_visit *visit, void *self, bool *more, struct azm_error *err) AZM_MUST_CHECK;

/* When the oldest that is stored was received (0: nothing is), and the bytes in use. */
enum azm_status azm_reader_extent(struct azm_reader *reader, int64_t *oldest_us, uint64_t *bytes,
                                  struct azm_error *err) AZM_MUST_CHECK;
