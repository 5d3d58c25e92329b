/* The invocations that are open: asked for by the host, not yet answered by the worker. A bounded pool with a table
 * over it; one allocation, with the first invocation, and memory that was never needed is never touched. One thread. */
#pragma once

#include "tap/ending.h"
#include "tap/functions.h"
#include "tap/links.h"
#include "tap/rpc.h"
#include "trace/transaction.h"

#define AZM_INVOCATIONS_MAX   4096u
#define AZM_INVOCATION_TEXT   6144u
#define AZM_INVOCATION_ID_MAX 63u

/* Header fields kept in an invocation's text: a run of {key length, value length, key, value}. */
struct azm_kept_headers {
    uint16_t at, size, count;
};

/* The HTTP exchange of an invocation under HTTP proxying (proxied.h). */
enum azm_leg { AZM_LEG_NONE, AZM_LEG_OPEN, AZM_LEG_ENDED };

/* What ended an invocation: few have one, so it is allocated. */
struct azm_kept_exception {
    azm_slice type, message, stack; /* in text; ptr NULL: not sent */
    char text[];
};

/* The request's or message's, where it is kept at all (body.h). */
struct azm_kept_body {
    size_t len;
    char text[];
};

struct azm_invocation {
    uint32_t next;                       /* in the table's chain, or in the free list */
    struct azm_invocation *next_waiting; /* the session's */
    uint8_t id_len;
    bool answered;        /* complete, but waits until its function is known */
    bool other_timed_out; /* when it was lost, another one was past its timeout */
    enum azm_cut cut;
    bool has_http, coldstart, clipped;
    bool ignored; /* a setting says that nobody wants to see it */

    bool proxied; /* the gRPC leg tells nothing of its HTTP request */
    bool early;   /* only its HTTP request was seen so far */
    bool replied; /* answered on the gRPC leg; the HTTP leg has still to end */
    enum azm_leg leg;
    unsigned leg_status;                  /* 0: no answer was seen */
    bool has_sizes;                       /* the exchange was whole */
    uint64_t request_size, response_size; /* bytes of content */

    char id[AZM_INVOCATION_ID_MAX + 1];
    int64_t start_us, wall_us; /* monotonic and wall clock at the request */
    int64_t cancel_us;         /* monotonic, when the host asked to cancel it; 0: it did not */
    int64_t broken_us;         /* a custom handler broke the connection off, then; 0: it did not */
    uint64_t duration_us;      /* once answered */

    struct azm_function *function; /* NULL: not known. Valid while generation is the functions' own */
    uint32_t function_generation;

    azm_trace_id trace_id;
    azm_span_id span_id, parent_id;
    struct azm_span_link link; /* to the host's own span; trace_id none: no link */
    double sample_rate;
    bool sampled, told; /* told: the worker knows it (rewrite.h) */

    bool has_retry;          /* a retry policy is at work */
    int32_t max_retry_count; /* -1: for ever */
    uint64_t retry_count;

    /* What the trigger told (trigger_keep.h). */
    uint64_t age_ms, batch_size;
    uint32_t links; /* in the pool of links; 0: none */
    bool has_age, has_batch_size;
    azm_slice message_id, routing_key, queue, topic, container;
    struct azm_kept_headers labels, message_headers;

    struct azm_kept_exception *exception; /* owned; NULL: none, or no memory for it */
    struct azm_kept_body *body;           /* the same */
    enum azm_rpc_status status;
    unsigned status_code;
    azm_slice function_id, method, url; /* in text; the URL is redacted */
    struct azm_kept_headers request_headers, response_headers;
    uint16_t text_used;
    char text[AZM_INVOCATION_TEXT];
};

/* Still to be answered. */
static inline bool azm_invocation_is_open(const struct azm_invocation *invocation)
{
    return !invocation->answered && !invocation->replied && !invocation->early;
}

struct azm_invocations {
    struct azm_invocation *pool; /* AZM_INVOCATIONS_MAX of them */
    uint32_t *buckets;           /* index + 1 of the chain's first, 0: none */
    uint32_t free_list;          /* index + 1, last in first out, so that low load touches one entry */
    uint32_t fresh;              /* entries from here on were never used */
    uint32_t open;
    uint64_t seed;
    struct azm_links links;
};

void azm_invocations_init(struct azm_invocations *invocations, uint64_t seed);
void azm_invocations_dispose(struct azm_invocations *invocations);

/* A new entry under that id; zeroed but for its text. NULL: the pool is used up, the id is empty or too long, or it is
 * that of an entry which is answered and waits.
 * An id that is open already gives the open entry's place to the new one (*replaced is set): the host never answers
 * for the old one again. */
struct azm_invocation *azm_invocations_open(struct azm_invocations *invocations, azm_slice id, bool *replaced);
/* There is no room for another one. */
bool azm_invocations_full(const struct azm_invocations *invocations);
struct azm_invocation *azm_invocations_find(const struct azm_invocations *invocations, azm_slice id);
void azm_invocations_close(struct azm_invocations *invocations, struct azm_invocation *invocation);
/* Calls for every open entry; the callee may close the one it is given. */
void azm_invocations_each(struct azm_invocations *invocations,
                          void (*visit)(void *self, struct azm_invocation *invocation), void *self);

/* Copies text into the invocation; cut (and marked clipped) when there is no room. */
azm_slice azm_invocation_keep(struct azm_invocation *invocation, azm_slice text);
/* Keeps what the answer says of its exception; nothing when it says nothing. */
void azm_invocation_keep_exception(struct azm_invocation *invocation, const struct azm_rpc_message *response);
/* Copies one header field behind those kept last into *headers. False when there is no room. */
bool azm_invocation_keep_header(struct azm_invocation *invocation, struct azm_kept_headers *headers, azm_slice key,
                                azm_slice value);
/* Writes at most max pairs that borrow from the invocation. Returns their number. */
size_t azm_invocation_headers(const struct azm_invocation *invocation, const struct azm_kept_headers *headers,
                              struct azm_pair *out, size_t max);
