#include "export/otlp.h"

#define ATTRIBUTES 1u /* of Resource */

static bool user_has(const struct azm_source *source, azm_slice key)
{
    for (size_t i = 0; i < source->resource.count; i++)
        if (azm_slice_eq(source->resource.items[i].key, key))
            return true;
    return false;
}

static void put(struct azm_otlp_writer *w, azm_slice key, azm_slice value)
{
    if (value.len)
        azm_otlp_attribute(w, ATTRIBUTES, key, value);
}

/* An empty value was meant. */
static void put_given(struct azm_otlp_writer *w, const struct azm_pair *pair)
{
    if (pair->key.len && pair->value.ptr)
        azm_otlp_attribute(w, ATTRIBUTES, pair->key, pair->value);
}

static void put_detected(struct azm_otlp_writer *w, const struct azm_source *source, const char *key, azm_slice value)
{
    if (!user_has(source, azm_slice_str(key)))
        put(w, azm_slice_str(key), value);
}

static void put_detected_number(struct azm_otlp_writer *w, const struct azm_source *source, const char *key,
                                uint32_t value)
{
    if (value && !user_has(source, azm_slice_str(key)))
        azm_otlp_attribute_int(w, ATTRIBUTES, azm_slice_str(key), value);
}

/* What the conventions call the languages of the workers. */
static azm_slice language(const struct azm_source *source)
{
    azm_slice runtime = source->runtime_name;
    if (source->language_name.len)
        return source->language_name;
    if (azm_slice_starts_nocase(runtime, AZM_S("dotnet")))
        return AZM_S("dotnet");
    return azm_slice_eq_nocase(runtime, AZM_S("node")) ? AZM_S("nodejs") : runtime;
}

static azm_slice platform(azm_slice service)
{
    if (azm_slice_eq(service, AZM_S("functions")))
        return AZM_S("azure.functions");
    return azm_slice_eq(service, AZM_S("app service")) ? AZM_S("azure.app_service") : service;
}

/* Settings of their own, merged with the user's attributes by the writer already; and what we are. */
static size_t own(const struct azm_source *source, struct azm_pair out[8])
{
    const struct azm_pair all[] = {
        {AZM_S("service.name"), source->service_name.len ? source->service_name : AZM_S("unknown_service")},
        {AZM_S("service.version"), source->service_version},
        {AZM_S("deployment.environment.name"), source->environment},
        {AZM_S("telemetry.sdk.name"), source->agent_name.len ? source->agent_name : AZM_S("azimuth")},
        {AZM_S("telemetry.sdk.version"), source->agent_version.len ? source->agent_version : AZM_S(AZM_VERSION)},
        {AZM_S("telemetry.sdk.language"), language(source)},
    };
    size_t count = 0;
    for (size_t i = 0; i < AZM_COUNT(all); i++)
        if (all[i].value.len)
            out[count++] = all[i];
    return count;
}

static bool has(const struct azm_pair *pairs, size_t count, azm_slice key)
{
    for (size_t i = 0; i < count; i++)
        if (azm_slice_eq(pairs[i].key, key))
            return true;
    return false;
}

static void put_named(struct azm_otlp_writer *w, const struct azm_source *source)
{
    struct azm_pair ours[8];
    size_t count = own(source, ours);
    for (size_t i = 0; i < count; i++)
        put(w, ours[i].key, ours[i].value);
    for (size_t i = 0; i < source->resource.count; i++)
        if (!has(ours, count, source->resource.items[i].key))
            put_given(w, &source->resource.items[i]);
    for (size_t i = 0; i < source->labels.count; i++)
        if (!has(ours, count, source->labels.items[i].key) && !user_has(source, source->labels.items[i].key))
            put_given(w, &source->labels.items[i]);
}

static void put_cloud(struct azm_otlp_writer *w, const struct azm_source *source)
{
    if (!source->cloud_provider.len)
        return;
    put_detected(w, source, "cloud.provider", source->cloud_provider);
    put_detected(w, source, "cloud.platform", platform(source->cloud_service_name));
    put_detected(w, source, "cloud.account.id", source->cloud_account_id);
    put_detected(w, source, "cloud.region", source->cloud_region);
    put_detected(w, source, "azure.resource_group.name", source->cloud_project_name);
}

static void put_platform(struct azm_otlp_writer *w, const struct azm_source *source)
{
    for (size_t i = 0; i < source->platform.count; i++) {
        const struct azm_pair *fact = &source->platform.items[i];
        if (!user_has(source, fact->key) && !has(source->labels.items, source->labels.count, fact->key))
            put(w, fact->key, fact->value);
    }
}

static void put_process(struct azm_otlp_writer *w, const struct azm_source *source)
{
    put_detected_number(w, source, "process.pid", source->pid);
    put_detected_number(w, source, "process.parent_pid", source->ppid);
    put_detected(w, source, "process.title", source->process_title);
    put_detected(w, source, "process.runtime.name", source->runtime_name);
    put_detected(w, source, "process.runtime.version", source->runtime_version);
}

void azm_otlp_resource(struct azm_otlp_writer *w, const struct azm_source *source)
{
    size_t opened = azm_otlp_open(w, 1, "resource");
    azm_otlp_open_list(w, "attributes");
    put_named(w, source);
    put_detected(w, source, "service.instance.id", source->node_name);
    put_detected(w, source, "faas.instance", source->node_name);
    put_cloud(w, source);
    put_platform(w, source);
    put_process(w, source);
    azm_otlp_close_list(w);
    azm_otlp_close(w, opened);
}
