/* Which delivery serves which destination: one for each and each of its signals, made when the first source names it,
 * or when the spool holds something for it; ended when the last source has gone and nothing waits. The agent's thread.
 */
#pragma once

#include "agent/delivery.h"
#include "export/exporter.h"

#define AZM_ROUTES_MAX 64u

struct azm_route {
    struct azm_route *next;
    struct azm_delivery *delivery;  /* NULL when stopped */
    struct azm_delivery_state last; /* of a stopped one */
    struct azm_spool_line *line;    /* NULL: nothing is kept on disk */
    const struct azm_exporter_kind *kind;
    char name[256]; /* where it goes, without secrets */
    unsigned users;
    int64_t unused_us;          /* since when nobody uses it */
    struct azm_buf key, server; /* server: what two routes have in common that differ in their credentials */
};

struct azm_routes {
    struct azm_route *first;
    size_t count;
    struct azm_mailbox *mailbox;
    struct azm_spool *spool; /* NULL: none */
    bool to_file;            /* then there is one route, and it serves all */
};

/* spool: borrowed; may be NULL. output: a file that gets everything, instead of any server and without a spool; NULL
 * for none. */
enum azm_status azm_routes_init(struct azm_routes *routes, struct azm_mailbox *mailbox, struct azm_spool *spool,
                                const char *output, struct azm_error *err) AZM_MUST_CHECK;
/* Begins to send what an earlier agent left in the spool. */
void azm_routes_resume(struct azm_routes *routes, int64_t now_us);
/* Ends all deliveries, so that no bundle is borrowed any more; what they had in hand stays unanswered. */
void azm_routes_stop(struct azm_routes *routes);
/* When no feed uses them any more. */
void azm_routes_dispose(struct azm_routes *routes);
struct azm_delivery_state azm_route_state(const struct azm_route *route);

/* Counts a user; give it back with azm_routes_leave. NULL: nothing is sent for this destination, err says why. */
struct azm_route *azm_routes_join(struct azm_routes *routes, const struct azm_destination *destination,
                                  enum azm_signal signal, struct azm_error *err);
void azm_routes_leave(struct azm_route *route, int64_t now_us); /* NULL is fine */
/* Ends deliveries that nobody has used for a minute, and hands on what a server has refused (401, 403): when no ring
 * names those credentials any more, and one names others for the same server, it goes there with the others. */
void azm_routes_tidy(struct azm_routes *routes, int64_t now_us);

void azm_routes_hurry(struct azm_routes *routes);
/* Something in memory waits for an answer, and may still get one. */
bool azm_routes_busy(struct azm_routes *routes);
