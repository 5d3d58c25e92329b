#include "hub/query/answer.h"
#include "hub/query/overview.h"
#include "hub/query/process.h"
#include "hub/query/sums.h"

#include <stdlib.h>

enum { PROCESSES_MAX = 5000 };
static const int64_t hour_us = 3600000000;

/* What the processes tell of a service; the newest one's word counts. */
struct service {
    azm_slice name, environment, agent, metadata;
    int64_t last_us;
    unsigned instances;
};

struct services {
    struct azm_arena arena;
    struct service *items;
    size_t count, cap;
    int64_t since_us, until_us;
    azm_slice environment;
};

static struct service *service_of(struct services *all, azm_slice name, azm_slice environment)
{
    for (size_t i = 0; i < all->count; i++)
        if (azm_slice_eq(all->items[i].name, name) && azm_slice_eq(all->items[i].environment, environment))
            return &all->items[i];
    if (all->count == all->cap) {
        all->cap = all->cap ? all->cap * 2 : 32;
        all->items = realloc(all->items, all->cap * sizeof *all->items);
        if (!all->items)
            abort();
    }
    all->items[all->count] = (struct service){.name = azm_arena_copy(&all->arena, name)};
    if (environment.len)
        all->items[all->count].environment = azm_arena_copy(&all->arena, environment);
    return &all->items[all->count++];
}

static bool add_process(void *self, const struct azm_process_row *row)
{
    struct services *all = self;
    if (all->environment.len && !azm_slice_eq(all->environment, row->environment))
        return true;
    struct service *service = service_of(all, row->service, row->environment);
    service->instances += row->last_us >= all->since_us && row->first_us <= all->until_us;
    if (row->last_us > service->last_us) {
        service->last_us = row->last_us;
        service->agent = row->agent.len ? azm_arena_copy(&all->arena, row->agent) : row->agent;
        service->metadata = azm_arena_copy(&all->arena, row->metadata);
    }
    return true;
}

static const struct azm_sums *sums_of(const struct azm_sums_table *table, azm_slice name, azm_slice environment)
{
    for (size_t i = 0; i < table->count; i++)
        if (azm_slice_eq(table->items[i]->service, name) && azm_slice_eq(table->items[i]->environment, environment))
            return table->items[i];
    return NULL;
}

static void answer_one(const struct service *service, const struct azm_sums_table *requests,
                       const struct azm_sums_table *errors, struct azm_json_writer *json)
{
    static const struct azm_sums none;
    const struct azm_sums *sums = sums_of(requests, service->name, service->environment);
    const struct azm_sums *failures = sums_of(errors, service->name, service->environment);
    azm_json_open_object(json);
    azm_json_string(azm_json_key(json, AZM_S("service")), service->name);
    azm_answer_text(json, AZM_S("environment"), service->environment);
    azm_process_answer(json, service->agent, service->metadata, false);
    if (sums) {
        azm_sums_answer(requests, sums, json);
        azm_sums_answer_series(requests, sums, json);
    } else {
        azm_sums_answer(requests, &none, json);
        azm_json_open_array(azm_json_key(json, AZM_S("series")));
        azm_json_close_array(json);
    }
    azm_answer_count(json, AZM_S("errors"), failures ? azm_sums_count(failures) : 0);
    azm_answer_int(json, AZM_S("instances"), service->instances);
    azm_answer_int(json, AZM_S("last_seen_us"), service->last_us);
    azm_json_close_object(json);
}

static enum azm_status answer(struct azm_reader *reader, const struct azm_params *params, struct services *all,
                              struct azm_sums_table *requests, struct azm_sums_table *errors,
                              struct azm_json_writer *json, struct azm_error *err)
{
    all->since_us = requests->since_us;
    all->until_us = requests->until_us;
    all->environment = params->event.environment;
    enum azm_status status = azm_reader_process_rows(reader, AZM_S(""), 0, 0, PROCESSES_MAX, add_process, all, err);
    /* What was summed may be of processes that are forgotten. */
    for (size_t i = 0; i < requests->count; i++)
        service_of(all, requests->items[i]->service, requests->items[i]->environment);
    azm_json_open_object(json);
    azm_json_open_array(azm_json_key(json, AZM_S("services")));
    for (size_t i = 0; i < all->count && status == AZM_OK; i++)
        answer_one(&all->items[i], requests, errors, json);
    azm_json_close_array(json);
    azm_sums_answer_range(requests, json);
    azm_json_close_object(json);
    return status;
}

enum azm_status azm_query_services(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                                   struct azm_error *err)
{
    struct azm_sums_table *requests = calloc(2, sizeof *requests), *errors = requests ? requests + 1 : NULL;
    struct azm_json_writer json = azm_json_writer(out);
    struct services all = {.count = 0};
    if (!requests)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the sums");
    azm_arena_init(&all.arena, 0);
    enum azm_status status = azm_reader_begin(reader, err);
    if (status == AZM_OK)
        status = azm_sums_read(requests, reader, params, AZM_SUM_TRANSACTION, AZM_BY_SERVICE, hour_us, err);
    if (status == AZM_OK)
        status = azm_sums_read(errors, reader, params, AZM_SUM_ERROR, AZM_BY_SERVICE, hour_us, err);
    azm_sums_drop_host(requests);
    if (status == AZM_OK)
        status = answer(reader, params, &all, requests, errors, &json, err);
    azm_reader_end(reader);
    azm_sums_dispose(requests);
    azm_sums_dispose(errors);
    free(requests);
    free(all.items);
    azm_arena_dispose(&all.arena);
    return azm_answer_done(out, status, err);
}
