#include "program/trace_tree.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

enum { NONE = -1 };

struct node {
    const json_t *event;
    json_int_t start_us;
    bool can_be_parent, seen;
    int parent, first_child, next; /* indices into the nodes, which are sorted by start, the last first */
    unsigned depth;
};

static const char *text(const json_t *event, const char *key)
{
    const char *value = json_string_value(json_object_get(event, key));
    return value ? value : "";
}

static int later_first(const void *a, const void *b)
{
    const struct node *x = a, *y = b;
    return (x->start_us < y->start_us) - (x->start_us > y->start_us);
}

static int find(const json_t *by_id, const char *id, int self)
{
    const json_t *index = json_object_get(by_id, id);
    int found = index ? (int)json_integer_value(index) : NONE;
    return found == self ? NONE : found;
}

static void find_parents(struct node *nodes, int count)
{
    json_t *by_id = json_object();
    for (int i = 0; i < count; i++)
        if (nodes[i].can_be_parent)
            json_object_set_new_nocheck(by_id, text(nodes[i].event, "id"), json_integer(i));
    for (int i = 0; i < count; i++) {
        struct node *node = &nodes[i];
        node->parent = find(by_id, text(node->event, "parent_id"), i);
        if (node->parent == NONE && strcmp(text(node->event, "kind"), "transaction") != 0)
            node->parent = find(by_id, text(node->event, "transaction_id"), i);
        if (node->parent == NONE)
            continue;
        node->next = nodes[node->parent].first_child; /* so the earliest comes to stand first */
        nodes[node->parent].first_child = i;
    }
    json_decref(by_id);
}

/* Walks one subtree without recursion; the way back up is by the parents. */
static size_t walk(struct node *nodes, int root, struct azm_tree_row *rows, size_t n)
{
    int at = root;
    while (at != NONE && !nodes[at].seen) {
        nodes[at].seen = true;
        nodes[at].depth = at == root ? 0 : nodes[nodes[at].parent].depth + 1;
        rows[n++] = (struct azm_tree_row){nodes[at].event, nodes[at].depth};
        int below = nodes[at].first_child;
        if (below != NONE && !nodes[below].seen) {
            at = below;
            continue;
        }
        while (at != root && (nodes[at].next == NONE || nodes[nodes[at].next].seen))
            at = nodes[at].parent;
        at = at == root ? NONE : nodes[at].next;
    }
    return n;
}

struct azm_tree_row *azm_trace_tree(const json_t *events)
{
    int count = (int)json_array_size(events);
    struct node *nodes = calloc((size_t)count + 1, sizeof *nodes);
    struct azm_tree_row *rows = count ? calloc((size_t)count, sizeof *rows) : NULL;
    for (int i = 0; nodes && rows && i < count; i++) {
        const json_t *event = json_array_get(events, (size_t)i);
        bool timed = json_object_get(event, "duration_us") != NULL;
        nodes[i] = (struct node){
            event, json_integer_value(json_object_get(event, "start_us")), timed, false, NONE, NONE, NONE, 0};
    }
    if (nodes && rows) {
        qsort(nodes, (size_t)count, sizeof *nodes, later_first);
        find_parents(nodes, count);
        size_t n = 0;
        for (int pass = 0; pass < 2; pass++) /* then what hangs in a circle */
            for (int i = count - 1; i >= 0; i--)
                if (!nodes[i].seen && (pass || nodes[i].parent == NONE))
                    n = walk(nodes, i, rows, n);
    }
    free(nodes);
    return rows;
}
