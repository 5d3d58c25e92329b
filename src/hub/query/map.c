#include "hub/query/answer.h"
#include "hub/query/overview.h"
#include "hub/query/sums.h"

#include <stdlib.h>

enum { LOOK_AT = 20000, CALLS_MAX = 5000 };
static const int64_t hour_us = 3600000000;

/* That a service's target is another service, or that one calls another without saying how. */
struct call {
    azm_slice caller, target, callee;
};

struct map {
    struct azm_arena arena;
    struct azm_sums_table requests, targets;
    struct call calls[CALLS_MAX];
    size_t call_count;
    bool sampled;
};

static bool add_call(void *self, const struct azm_call_row *row)
{
    struct map *map = self;
    for (size_t i = 0; i < map->call_count; i++) {
        const struct call *known = &map->calls[i];
        if (azm_slice_eq(known->caller, row->caller) && azm_slice_eq(known->target, row->target) &&
            azm_slice_eq(known->callee, row->callee))
            return true;
    }
    if (map->call_count == CALLS_MAX)
        return false;
    map->calls[map->call_count++] = (struct call){
        azm_arena_copy(&map->arena, row->caller),
        row->target.len ? azm_arena_copy(&map->arena, row->target) : row->target,
        azm_arena_copy(&map->arena, row->callee),
    };
    return true;
}

/* The service behind a target; ptr NULL: none is known. */
static azm_slice callee_of(const struct map *map, const struct azm_sums *target)
{
    for (size_t i = 0; i < map->call_count; i++)
        if (azm_slice_eq(map->calls[i].caller, target->service) && azm_slice_eq(map->calls[i].target, target->name))
            return map->calls[i].callee;
    return (azm_slice){NULL, 0};
}

static void add_id(struct azm_json_writer *json, azm_slice key, bool service, azm_slice name)
{
    char text[1100];
    azm_slice kind = service ? AZM_S("service:") : AZM_S("target:");
    size_t n = azm_slice_copy(kind, text, sizeof text);
    n += azm_slice_copy(name, text + n, sizeof text - n);
    azm_json_string(azm_json_key(json, key), azm_slice_of(text, n));
}

static void answer_node(struct azm_json_writer *json, bool service, azm_slice name, azm_slice type,
                        const struct azm_sums *sums)
{
    azm_json_open_object(json);
    add_id(json, AZM_S("id"), service, name);
    azm_answer_text(json, AZM_S("kind"), service ? AZM_S("service") : AZM_S("target"));
    azm_json_string(azm_json_key(json, AZM_S("name")), name);
    azm_answer_text(json, AZM_S("type"), type);
    if (sums) {
        azm_answer_count(json, AZM_S("requests"), azm_sums_count(sums));
        azm_answer_ratio(json, AZM_S("failed_ratio"), sums->failed, sums->ok);
        azm_answer_int(json, AZM_S("p95_us"), azm_histogram_quantile(&sums->all, 0.95));
    }
    azm_json_close_object(json);
}

/* The first of the targets with that name speaks for all. */
static bool is_first(const struct map *map, size_t index)
{
    const struct azm_sums *target = map->targets.items[index];
    for (size_t i = 0; i < index; i++)
        if (azm_slice_eq(map->targets.items[i]->name, target->name) && !callee_of(map, map->targets.items[i]).ptr)
            return false;
    return true;
}

static bool is_service_first(const struct map *map, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (azm_slice_eq(map->requests.items[i]->service, map->requests.items[index]->service))
            return false;
    return true;
}

/* A service without transactions of its own, that only calls or is called. */
static bool has_requests(const struct map *map, azm_slice service)
{
    for (size_t i = 0; i < map->requests.count; i++)
        if (azm_slice_eq(map->requests.items[i]->service, service))
            return true;
    return false;
}

static bool is_caller_first(const struct map *map, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (azm_slice_eq(map->targets.items[i]->service, map->targets.items[index]->service))
            return false;
    return true;
}

static void answer_nodes(const struct map *map, struct azm_json_writer *json)
{
    azm_json_open_array(azm_json_key(json, AZM_S("nodes")));
    for (size_t i = 0; i < map->requests.count; i++)
        if (is_service_first(map, i))
            answer_node(json, true, map->requests.items[i]->service, AZM_S(""), map->requests.items[i]);
    for (size_t i = 0; i < map->targets.count; i++) {
        const struct azm_sums *target = map->targets.items[i];
        if (is_caller_first(map, i) && !has_requests(map, target->service))
            answer_node(json, true, target->service, AZM_S(""), NULL);
        if (!callee_of(map, target).ptr && is_first(map, i))
            answer_node(json, false, target->name, target->type, target);
    }
    azm_json_close_array(json);
}

static void answer_edge(const struct map *map, const struct azm_sums *target, struct azm_json_writer *json)
{
    azm_slice callee = callee_of(map, target);
    azm_json_open_object(json);
    add_id(json, AZM_S("from"), true, target->service);
    add_id(json, AZM_S("to"), callee.ptr != NULL, callee.ptr ? callee : target->name);
    azm_answer_text(json, AZM_S("target"), target->name);
    azm_answer_text(json, AZM_S("type"), target->type);
    azm_sums_answer(&map->targets, target, json);
    azm_json_close_object(json);
}

static bool has_edge(const struct map *map, const struct call *call)
{
    for (size_t i = 0; i < map->targets.count; i++)
        if (azm_slice_eq(map->targets.items[i]->service, call->caller) &&
            azm_slice_eq(map->targets.items[i]->name, call->target))
            return true;
    return false;
}

static void answer_edges(const struct map *map, struct azm_json_writer *json)
{
    azm_json_open_array(azm_json_key(json, AZM_S("edges")));
    for (size_t i = 0; i < map->targets.count; i++)
        answer_edge(map, map->targets.items[i], json);
    for (size_t i = 0; i < map->call_count; i++) {
        const struct call *call = &map->calls[i];
        if (has_edge(map, call))
            continue;
        azm_json_open_object(json);
        add_id(json, AZM_S("from"), true, call->caller);
        add_id(json, AZM_S("to"), true, call->callee);
        azm_json_close_object(json);
    }
    azm_json_close_array(json);
}

static enum azm_status read_map(struct azm_reader *reader, const struct azm_params *params, struct map *map,
                                struct azm_error *err)
{
    enum azm_status status =
        azm_sums_read(&map->requests, reader, params, AZM_SUM_TRANSACTION, AZM_BY_SERVICE, hour_us, err);
    if (status == AZM_OK)
        status = azm_sums_read(&map->targets, reader, params, AZM_SUM_DEPENDENCY, AZM_BY_NAME, hour_us, err);
    azm_sums_drop_host(&map->requests);
    if (status == AZM_OK)
        status = azm_reader_calls(reader, map->requests.since_us, map->requests.until_us, LOOK_AT, add_call, map,
                                  &map->sampled, err);
    return status;
}

enum azm_status azm_query_map(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                              struct azm_error *err)
{
    struct azm_json_writer json = azm_json_writer(out);
    struct map *map = calloc(1, sizeof *map);
    if (!map)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the map");
    azm_arena_init(&map->arena, 0);
    enum azm_status status = azm_reader_begin(reader, err);
    if (status == AZM_OK)
        status = read_map(reader, params, map, err);
    azm_reader_end(reader);
    azm_json_open_object(&json);
    answer_nodes(map, &json);
    answer_edges(map, &json);
    azm_sums_answer_range(&map->requests, &json);
    azm_json_bool(azm_json_key(&json, AZM_S("sampled")), map->sampled);
    azm_json_close_object(&json);
    azm_sums_dispose(&map->requests);
    azm_sums_dispose(&map->targets);
    azm_arena_dispose(&map->arena);
    free(map);
    return azm_answer_done(out, status, err);
}
