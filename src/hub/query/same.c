#include "hub/query/same.h"

#include "base/arena.h"
#include "json/read.h"

#include <stdlib.h>

/* Calls beyond that are not compared. */
enum { CALLS_MAX = 1000, HOSTS_MAX = 32 };

struct call {
    size_t index;
    bool by_host;
    azm_slice id, invocation, linked; /* linked: the span that its first link names */
};

struct azm_same {
    struct azm_arena arena;
    size_t events, call_count, host_count;
    int64_t hosts[HOSTS_MAX];
    struct call calls[CALLS_MAX];
};

struct azm_same *azm_same_new(void)
{
    struct azm_same *same = calloc(1, sizeof *same);
    if (same)
        azm_arena_init(&same->arena, 0);
    return same;
}

void azm_same_free(struct azm_same *same)
{
    if (!same)
        return;
    azm_arena_dispose(&same->arena);
    free(same);
}

void azm_same_add_host(struct azm_same *same, int64_t process)
{
    if (same && same->host_count < HOSTS_MAX)
        same->hosts[same->host_count++] = process;
}

static bool is_host(const struct azm_same *same, int64_t process)
{
    for (size_t i = 0; i < same->host_count; i++)
        if (same->hosts[i] == process)
            return true;
    return false;
}

static azm_slice keep(struct azm_same *same, azm_slice text)
{
    return text.len ? azm_arena_copy(&same->arena, text) : text;
}

static void read_call(struct azm_same *same, azm_slice raw, struct call *call)
{
    json_t *root = NULL;
    if (azm_json_parse(raw, "event", &root, NULL) != AZM_OK)
        return;
    azm_slice invocation = azm_json_slice(azm_json_at(root, "faas.execution"));
    if (!invocation.len)
        invocation = azm_json_get_slice(azm_json_at(root, "otel.attributes"), "faas.invocation_id");
    call->invocation = keep(same, invocation);
    call->linked = keep(same, azm_json_get_slice(json_array_get(azm_json_get(root, "links"), 0), "span_id"));
    json_decref(root);
}

void azm_same_add(struct azm_same *same, const struct azm_event_row *row)
{
    if (!same)
        return;
    size_t index = same->events++;
    bool by_host = is_host(same, row->process);
    bool wanted = row->event.kind == AZM_EVENT_TRANSACTION || (by_host && row->event.kind == AZM_EVENT_SPAN);
    if (same->host_count == 0 || !wanted || same->call_count == CALLS_MAX)
        return;
    struct call *call = &same->calls[same->call_count++];
    *call = (struct call){.index = index, .by_host = by_host, .id = keep(same, row->event.id)};
    read_call(same, row->event.raw, call);
}

static bool are_same(const struct call *host, const struct call *worker)
{
    return azm_slice_eq(host->id, worker->id) || azm_slice_eq(host->id, worker->linked) ||
           (host->invocation.len && azm_slice_eq(host->invocation, worker->invocation));
}

static void answer_one(const struct azm_same *same, const struct call *worker, struct azm_json_writer *json)
{
    for (size_t i = 0; i < same->call_count; i++) {
        const struct call *host = &same->calls[i];
        if (!host->by_host || !are_same(host, worker))
            continue;
        azm_json_open_object(json);
        azm_json_uint(azm_json_key(json, AZM_S("host")), host->index);
        azm_json_uint(azm_json_key(json, AZM_S("worker")), worker->index);
        azm_json_close_object(json);
        return;
    }
}

void azm_same_answer(const struct azm_same *same, struct azm_json_writer *json)
{
    azm_json_open_array(azm_json_key(json, AZM_S("same")));
    for (size_t i = 0; same && i < same->call_count; i++)
        if (!same->calls[i].by_host)
            answer_one(same, &same->calls[i], json);
    azm_json_close_array(json);
}
