/* Sums over time, kept beside the events and much longer than they are: how many, how many failed, how long. One row
 * per operation and step of time, at three levels. What is counted is told apart by kind: transaction  service,
 * environment, name, type, function, trigger, cold start, told by the host dependency   service, environment, name =
 * what is called, type = "type/subtype" of the span error        service, environment, name = the group in hex */
#pragma once

#include "hub/store/batch.h"
#include "hub/store/histogram.h"
#include "hub/store/statement.h"

enum azm_sum_kind { AZM_SUM_TRANSACTION, AZM_SUM_DEPENDENCY, AZM_SUM_ERROR };

/* Seconds of a step, and for how long steps are kept. */
struct azm_sum_level {
    int64_t step_s, keep_s;
};

enum { AZM_SUM_LEVELS = 3 };
extern const struct azm_sum_level azm_sum_levels[AZM_SUM_LEVELS];

/* A service has at most that many operations with a name of their own; the rest are summed up as AZM_SUM_OTHER. */
enum { AZM_SUM_OPERATIONS = 2000 };
#define AZM_SUM_OTHER "(other)"

struct azm_rollup;

enum azm_status azm_rollup_new(struct sqlite3 *db, struct azm_rollup **out, struct azm_error *err) AZM_MUST_CHECK;
void azm_rollup_free(struct azm_rollup *rollup);
/* Counts it in memory. */
void azm_rollup_add(struct azm_rollup *rollup, const struct azm_event *event, const struct azm_batch *batch);
/* Writes what was counted; inside the transaction that wrote the events. */
enum azm_status azm_rollup_flush(struct azm_rollup *rollup, struct azm_error *err) AZM_MUST_CHECK;
/* Forgets what was counted and not written, and what it believed to be in the database: after a rollback. */
void azm_rollup_reset(struct azm_rollup *rollup);
/* Deletes at most 5,000 steps that are older than their level is kept. *more: there are more. */
enum azm_status azm_rollup_forget(struct sqlite3 *db, int64_t now_us, bool *more, struct azm_error *err) AZM_MUST_CHECK;
