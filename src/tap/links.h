/* Span links that wait for the end of their invocation: a bounded pool of blocks, one allocation, with the first batch.
 * Memory that was never needed is never touched. One thread. */
#pragma once

#include "trace/transaction.h"

#define AZM_LINKS_POOL 65536u /* links of all open invocations together; what is beyond is dropped */
#define AZM_LINKS_ONE  1001u  /* of one: a batch's, and the one to the host's own span */

struct azm_links {
    struct azm_links_pool *pool;
};

void azm_links_init(struct azm_links *links);
void azm_links_dispose(struct azm_links *links);
/* Keeps what fits; a number to find it by, 0 when there is nothing. */
uint32_t azm_links_keep(struct azm_links *links, const struct azm_span_link *items, size_t count);
/* Up to AZM_LINKS_ONE - 1 of them, behind `first` where that has a trace. Valid until the next call. */
const struct azm_span_link *azm_links_get(struct azm_links *links, uint32_t kept, struct azm_span_link first,
                                          size_t *count);
void azm_links_drop(struct azm_links *links, uint32_t kept); /* 0 is fine */
