/* One connection to a ClickHouse server over its HTTP interface. One thread at a time. What the server answers is
 * foreign: bounded, and nothing of it is trusted. */
#pragma once

#include "base/buf.h"
#include "hub/store/clickhouse/address.h"

/* Most bytes of an answer. */
#define AZM_CLICKHOUSE_ANSWER_MAX ((size_t)512 << 20)

struct azm_clickhouse_client;

/* Does not connect yet. address is borrowed. */
enum azm_status azm_clickhouse_client_open(const struct azm_clickhouse_address *address,
                                           struct azm_clickhouse_client **out, struct azm_error *err) AZM_MUST_CHECK;
void azm_clickhouse_client_close(struct azm_clickhouse_client *client);

/* Makes the database when it is missing and the user may. */
enum azm_status azm_clickhouse_create(struct azm_clickhouse_client *client, struct azm_error *err) AZM_MUST_CHECK;
/* Runs sql. *answer may be written to, and lives until the next call; NULL: not wanted. AZM_NETWORK and AZM_TIMEOUT: no
 * answer came; AZM_DENIED: the user may not; AZM_BAD_INPUT: the server could not read it; AZM_TOO_BIG: it answered
 * more than the bound; AZM_IO: anything else it had to say. */
enum azm_status azm_clickhouse_ask(struct azm_clickhouse_client *client, azm_slice sql, struct azm_buf **answer,
                                   struct azm_error *err) AZM_MUST_CHECK;
/* Inserts rows (JSONEachRow); AZM_OK: the server has them. */
enum azm_status azm_clickhouse_insert(struct azm_clickhouse_client *client, const char *table, azm_slice rows,
                                      struct azm_error *err) AZM_MUST_CHECK;
