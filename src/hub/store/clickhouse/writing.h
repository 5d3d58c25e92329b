/* Writes batches: what becomes rows, in which order, and what is known already. Used by the writer's thread alone. */
#pragma once

#include "base/random.h"
#include "hub/store/batch.h"
#include "hub/store/clickhouse/client.h"

struct azm_clickhouse_writing;

/* A connection of its own; looks where the order of arrival stands. address is borrowed. */
enum azm_status azm_clickhouse_writing_open(const struct azm_clickhouse_address *address,
                                            struct azm_clickhouse_writing **out, struct azm_error *err) AZM_MUST_CHECK;
void azm_clickhouse_writing_close(struct azm_clickhouse_writing *writing);
struct azm_clickhouse_client *azm_clickhouse_writing_client(struct azm_clickhouse_writing *writing);

/* How often a request that failed is sent, and when it is given up: asked before each pause. */
struct azm_clickhouse_patience {
    unsigned tries;
    bool (*give_up)(void *self);
    void *self;
};

/* Inserts the first n batches of the list as one commit. AZM_OK: the server has all of it; else nothing of it counts,
 * and it may be sent again, as a whole or in parts. *known: how many events were left out, because they are stored. */
enum azm_status azm_clickhouse_write(struct azm_clickhouse_writing *writing, const struct azm_batch *list, size_t n,
                                     const struct azm_clickhouse_patience *patience, uint64_t *known,
                                     struct azm_error *err) AZM_MUST_CHECK;
