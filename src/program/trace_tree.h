/* The order in which a trace's events are shown. */
#pragma once

#include <stddef.h>

struct json_t;

struct azm_tree_row {
    const struct json_t *event; /* borrowed from the array */
    unsigned depth;
};

/* events: the array of /api/traces/{id}. Depth first, children by start behind their parent; what has no parent here
 * stands at depth 0, and so does a circle of parents: every event comes exactly once. Returns as many rows as there are
 * events (free() them), NULL when there are none or memory is out. */
struct azm_tree_row *azm_trace_tree(const struct json_t *events);
