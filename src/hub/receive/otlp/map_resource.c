#include "hub/receive/otlp/map_parts.h"

#include "hub/receive/unpack.h"

#include <stdlib.h>

static void open(struct azm_json_writer *json, const char *key)
{
    azm_json_open_object(azm_json_key(json, azm_slice_str(key)));
}

static void put_of(struct azm_json_writer *json, const char *key, const struct azm_otlp_attributes *all,
                   const char *name, const char *older)
{
    azm_otlp_put(json, key, azm_otlp_get_text(all, name, older));
}

/* An object of one name, where it is known. */
static void put_named(struct azm_json_writer *json, const char *key, const char *name_key, azm_slice name)
{
    if (!name.len)
        return;
    open(json, key);
    azm_otlp_put(json, name_key, name);
    azm_json_close_object(json);
}

/* "opentelemetry/nodejs", as apm-data names agents of OpenTelemetry; ours keep their own name. */
static azm_slice agent_name(const struct azm_otlp_attributes *all, struct azm_arena *arena)
{
    azm_slice sdk = azm_otlp_get_text(all, "telemetry.sdk.name", NULL);
    azm_slice language = azm_otlp_get_text(all, "telemetry.sdk.language", NULL);
    azm_slice distro = azm_otlp_get_text(all, "telemetry.distro.name", NULL);
    if (!sdk.len)
        return AZM_S("otlp");
    if (!language.len || !azm_slice_eq(sdk, AZM_S("opentelemetry")))
        return sdk;
    return azm_slice_str(azm_arena_printf(arena, "%.*s/%.*s%s%.*s", AZM_FMT(sdk), AZM_FMT(language),
                                          distro.len ? "/" : "", AZM_FMT(distro)));
}

static azm_slice agent_version(const struct azm_otlp_attributes *all)
{
    azm_slice version = azm_otlp_get_text(all, "telemetry.distro.version", "telemetry.sdk.version");
    return version.len ? version : AZM_S("unknown");
}

static azm_slice service_name(const struct azm_otlp_attributes *all)
{
    azm_slice name = azm_otlp_get_text(all, "service.name", NULL);
    return name.len ? name : AZM_S("unknown_service");
}

static azm_slice node_name(const struct azm_otlp_attributes *all)
{
    azm_slice node = azm_otlp_get_text(all, "service.instance.id", "faas.instance");
    return node.len ? node : azm_otlp_get_text(all, "host.name", NULL);
}

static void put_service(struct azm_json_writer *json, const struct azm_otlp_attributes *all, struct azm_arena *arena)
{
    open(json, "service");
    azm_otlp_put(json, "name", service_name(all));
    put_of(json, "version", all, "service.version", NULL);
    put_of(json, "environment", all, "deployment.environment.name", "deployment.environment");
    open(json, "agent");
    azm_otlp_put(json, "name", agent_name(all, arena));
    azm_otlp_put(json, "version", agent_version(all));
    azm_json_close_object(json);
    put_named(json, "node", "configured_name", node_name(all));
    put_named(json, "language", "name", azm_otlp_get_text(all, "telemetry.sdk.language", NULL));
    azm_slice runtime = azm_otlp_get_text(all, "process.runtime.name", NULL);
    if (runtime.len) {
        open(json, "runtime");
        azm_otlp_put(json, "name", runtime);
        azm_slice version = azm_otlp_get_text(all, "process.runtime.version", NULL);
        azm_otlp_put(json, "version", version.len ? version : AZM_S("n/a"));
        azm_json_close_object(json);
    }
    azm_json_close_object(json);
}

/* Elastic's names for Azure's platforms, from both spellings of OpenTelemetry's. */
static azm_slice platform(azm_slice told)
{
    if (azm_slice_eq(told, AZM_S("azure.functions")) || azm_slice_eq(told, AZM_S("azure_functions")))
        return AZM_S("functions");
    if (azm_slice_eq(told, AZM_S("azure.app_service")) || azm_slice_eq(told, AZM_S("azure_app_service")))
        return AZM_S("app service");
    return told;
}

static void put_cloud(struct azm_json_writer *json, const struct azm_otlp_attributes *all)
{
    azm_slice provider = azm_otlp_get_text(all, "cloud.provider", NULL);
    if (!provider.len)
        return;
    open(json, "cloud");
    azm_otlp_put(json, "provider", provider);
    put_of(json, "region", all, "cloud.region", NULL);
    put_of(json, "availability_zone", all, "cloud.availability_zone", NULL);
    put_named(json, "account", "id", azm_otlp_get_text(all, "cloud.account.id", NULL));
    put_named(json, "project", "name", azm_otlp_get_text(all, "azure.resource_group.name", NULL));
    put_named(json, "service", "name", platform(azm_otlp_get_text(all, "cloud.platform", NULL)));
    azm_json_close_object(json);
}

static void put_place(struct azm_json_writer *json, const struct azm_otlp_attributes *all)
{
    int64_t pid = azm_otlp_get_int(all, "process.pid", NULL, 0);
    if (pid > 0) {
        open(json, "process");
        azm_json_int(azm_json_key(json, AZM_S("pid")), pid);
        azm_json_close_object(json);
    }
    azm_slice host = azm_otlp_get_text(all, "host.name", NULL);
    if (!host.len)
        return;
    open(json, "system");
    azm_otlp_put(json, "configured_hostname", host);
    put_of(json, "architecture", all, "host.arch", NULL);
    put_of(json, "platform", all, "os.type", NULL);
    put_named(json, "container", "id", azm_otlp_get_text(all, "container.id", NULL));
    azm_json_close_object(json);
}

static bool is_host(const struct azm_otlp_attributes *all)
{
    return azm_slice_starts(azm_otlp_get_text(all, AZM_HOST_SDK_KEY, NULL), AZM_HOST_SDK_PREFIX);
}

static struct azm_batch *add_batch(struct azm_otlp_map *map)
{
    if (map->count == map->cap) {
        map->cap = map->cap ? map->cap * 2 : 4;
        map->batches = realloc(map->batches, map->cap * sizeof(struct azm_batch *));
        if (!map->batches)
            abort();
    }
    struct azm_batch *batch = malloc(sizeof *batch);
    if (!batch)
        abort();
    azm_batch_init(batch);
    batch->received_us = map->received_us;
    map->batches[map->count++] = batch;
    return batch;
}

void azm_otlp_map_resource(void *self, const struct azm_otlp_attributes *all)
{
    struct azm_otlp_map *map = self;
    map->batch = add_batch(map);
    struct azm_arena *arena = &map->arena;
    struct azm_json_writer json = azm_otlp_open_raw(map);
    put_service(&json, all, arena);
    put_cloud(&json, all);
    put_place(&json, all);
    open(&json, "otel");
    azm_otlp_put_attributes(azm_json_key(&json, AZM_S("resource")), all);
    azm_json_close_object(&json);
    azm_json_close_object(&json);
    azm_slice name = agent_name(all, arena), version = agent_version(all);
    const char *agent = azm_arena_printf(arena, "%.*s/%.*s", AZM_FMT(name), AZM_FMT(version));
    const struct azm_process process = {
        .metadata = map->raw.failed ? AZM_S("{}") : azm_buf_slice(&map->raw),
        .service = service_name(all),
        .environment = azm_otlp_get_text(all, "deployment.environment.name", "deployment.environment"),
        .node = node_name(all),
        .agent = azm_slice_str(agent),
        .from_host = is_host(all)};
    azm_batch_set_process(map->batch, &process);
}
