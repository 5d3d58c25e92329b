/* The tables of a ClickHouse database. All but activity and versions are ReplacingMergeTree with a partition per day of
 * arrival: what is inserted twice, by one hub after a lost answer or by two, is one row by the time it is counted.
 *   events     one row per event; slot is the minute it began in
 *   trace_hours  in which hours (since 1970) a trace has events, so that one trace is found without a scan
 *   processes  who sent, by a hash of the metadata
 *   samples    numbers of metricsets
 *   activity   what one run of a hub took from a process on a day, as it stood with a commit; the latest row counts
 *   versions   of these tables */
#pragma once

#include "hub/store/clickhouse/client.h"

/* The begin of each thing's steps, also before 1970. */
static inline int64_t azm_floor_div(int64_t value, int64_t step)
{
    return value / step - (value % step < 0);
}

static inline int64_t azm_slot_of(int64_t start_us)
{
    return azm_floor_div(start_us, 60000000);
}

enum { AZM_DATE_TEXT = 11 }; /* "2026-11-24", with its NUL */
void azm_date_of(int64_t time_us, char out[AZM_DATE_TEXT]);

/* Makes what is missing. AZM_UNSUPPORTED: a newer azimuth made them; AZM_BAD_INPUT: the server has no version that can
 * be read. */
enum azm_status azm_tables_make(struct azm_clickhouse_client *client, struct azm_error *err) AZM_MUST_CHECK;

/* Drops days that are older than max_age_us (0: none), and the oldest while the tables take more than max_bytes (0: no
 * limit); never today. */
enum azm_status azm_tables_forget(struct azm_clickhouse_client *client, int64_t max_age_us, uint64_t max_bytes,
                                  int64_t now_us, struct azm_error *err) AZM_MUST_CHECK;

/* What all of it takes on the server's disk. */
enum azm_status azm_tables_bytes(struct azm_clickhouse_client *client, uint64_t *bytes,
                                 struct azm_error *err) AZM_MUST_CHECK;
