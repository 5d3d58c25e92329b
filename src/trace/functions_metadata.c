#include "trace/functions_metadata.h"

#include "trace/otel_list.h"

#define NAME_MAX_CHARS 1024u
#define PLATFORM_MAX   256u /* bytes of one value */

static azm_slice first_of(azm_slice a, azm_slice b)
{
    return a.len ? a : b;
}

static azm_slice known(azm_slice value)
{
    return value.len ? value : (azm_slice){NULL, 0};
}

/* The last place where "webspace" stands, in any case; text.len when nowhere. */
static size_t last_webspace(azm_slice text)
{
    const azm_slice word = AZM_S("webspace");
    for (size_t at = text.len; at-- > 0;)
        if (azm_slice_starts_nocase(azm_slice_drop(text, at), word))
            return at;
    return text.len;
}

bool azm_owner_name_parse(azm_slice text, struct azm_owner_name *out)
{
    size_t plus = azm_slice_find(text, '+');
    azm_slice rest = azm_slice_drop(text, plus + 1);
    if (plus == text.len || plus == 0 || azm_slice_find(rest, '+') < rest.len)
        return false;
    rest = azm_slice_take(rest, last_webspace(rest));
    size_t dash = azm_slice_rfind(rest, '-');
    if (dash == rest.len || dash == 0 || dash + 1 == rest.len)
        return false;
    *out =
        (struct azm_owner_name){azm_slice_take(text, plus), azm_slice_take(rest, dash), azm_slice_drop(rest, dash + 1)};
    return true;
}

/* The characters intake allows in a service name; others become '_'. */
static azm_slice clean_name(azm_slice name, struct azm_arena *arena)
{
    azm_slice copy = azm_arena_copy(arena, azm_slice_take(name, NAME_MAX_CHARS));
    char *text = copy.len ? azm_arena_str(arena, copy) : NULL;
    for (size_t i = 0; text && i < copy.len; i++) {
        char c = text[i];
        bool good = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' ||
                    c == '_' || c == '-';
        if (!good)
            text[i] = '_';
    }
    return text ? (azm_slice){text, copy.len} : AZM_S("unknown-azimuth-service");
}

static azm_slice last_part(azm_slice path)
{
    while (path.len && (path.ptr[path.len - 1] == '/' || path.ptr[path.len - 1] == '\\'))
        path.len--;
    for (size_t i = path.len; i > 0; i--)
        if (path.ptr[i - 1] == '/' || path.ptr[i - 1] == '\\')
            return azm_slice_drop(path, i);
    return path;
}

/* S2: no cloud metadata at all when one of the three is missing, or the owner name is not of its form. */
static void cloud(struct azm_source *out, const struct azm_env *env)
{
    struct azm_owner_name owner;
    azm_slice site = azm_env_get(env, "WEBSITE_SITE_NAME");
    if (!azm_env_get(env, "FUNCTIONS_EXTENSION_VERSION").len || !site.len ||
        !azm_owner_name_parse(azm_env_get(env, "WEBSITE_OWNER_NAME"), &owner))
        return;
    out->cloud_provider = AZM_S("azure");
    out->cloud_service_name = AZM_S("functions");
    out->cloud_account_id = owner.subscription;
    out->cloud_instance_name = site;
    out->cloud_project_name = first_of(azm_env_get(env, "WEBSITE_RESOURCE_GROUP"), owner.resource_group);
    out->cloud_region = first_of(azm_env_get(env, "REGION_NAME"), owner.region);
}

/* What App Service says beyond the fields that Elastic has for it. None of these variables holds a secret. */
static const struct {
    const char *variable, *other; /* other: where the first is not set; NULL: none */
    azm_slice attribute;
} platform_facts[] = {
    {"WEBSITE_SKU", NULL, AZM_S_INIT("azure.app.service.sku")},
    {"WEBSITE_COMPUTE_MODE", NULL, AZM_S_INIT("azure.app.service.compute_mode")},
    {"WEBSITE_SLOT_NAME", NULL, AZM_S_INIT("azure.app.service.slot")},
    {"WEBSITE_HOME_STAMPNAME", NULL, AZM_S_INIT("azure.app.service.stamp")},
    {"WEBSITE_PLATFORM_VERSION", "PLATFORM_VERSION", AZM_S_INIT("azure.app.service.platform_version")},
    {"WEBSITE_HOSTNAME", NULL, AZM_S_INIT("host.name")},
    {"REGION_NAME", NULL, AZM_S_INIT("cloud.region")}, /* only where there is no cloud metadata to hold it */
};

static struct azm_pairs platform(const struct azm_env *env, bool has_cloud, struct azm_arena *arena)
{
    struct azm_pair *facts = azm_arena_array(arena, struct azm_pair, AZM_COUNT(platform_facts));
    size_t count = 0, known_facts = AZM_COUNT(platform_facts) - has_cloud;
    for (size_t i = 0; facts && i < known_facts; i++) {
        const char *other = platform_facts[i].other;
        azm_slice value = azm_env_get(env, platform_facts[i].variable);
        if (!value.len && other)
            value = azm_env_get(env, other);
        if (value.len)
            facts[count++] = (struct azm_pair){platform_facts[i].attribute, azm_slice_take(value, PLATFORM_MAX)};
    }
    return (struct azm_pairs){count ? facts : NULL, count};
}

static struct azm_pair *find_label(struct azm_pair *labels, size_t count, azm_slice key)
{
    size_t i = 0;
    while (i < count && !azm_slice_eq(labels[i].key, key))
        i++;
    return &labels[i];
}

/* "key=value,key=value"; of two alike the last one counts. */
static struct azm_pairs labels_of(azm_slice text, struct azm_arena *arena)
{
    struct azm_pair *labels = text.len ? azm_arena_array(arena, struct azm_pair, AZM_LABELS_MAX + 1) : NULL;
    size_t count = 0, bytes = 0;
    azm_slice part;
    while (labels && azm_slice_split(&text, ',', &part)) {
        size_t equals = azm_slice_find(part, '=');
        struct azm_pair label = {azm_slice_trim(azm_slice_take(part, equals)),
                                 azm_slice_trim(azm_slice_drop(part, equals + 1))};
        struct azm_pair *place = find_label(labels, count, label.key);
        bytes += part.len;
        if (bytes > AZM_LABELS_BYTES_MAX)
            break;
        if (!label.key.len || place == &labels[AZM_LABELS_MAX])
            continue;
        count += place == &labels[count];
        *place = label;
    }
    return (struct azm_pairs){count ? labels : NULL, count};
}

/* The instance; on Linux Consumption and Flex, where there is no such variable, what the host itself goes by. */
static azm_slice node_name(const struct azm_env *env)
{
    azm_slice pod = first_of(azm_env_get(env, "WEBSITE_POD_NAME"), azm_env_get(env, "CONTAINER_NAME"));
    return known(first_of(azm_env_get(env, "WEBSITE_INSTANCE_ID"), pod));
}

/* A setting of its own goes before OTEL_RESOURCE_ATTRIBUTES, and that before what was found. */
static void name_service(struct azm_source *out, const struct azm_settings *settings, azm_slice found,
                         struct azm_arena *arena)
{
    azm_slice name = azm_pairs_get(out->resource, AZM_S("service.name"));
    azm_slice version = azm_pairs_get(out->resource, AZM_S("service.version"));
    azm_slice environment = first_of(azm_pairs_get(out->resource, AZM_S("deployment.environment.name")),
                                     azm_pairs_get(out->resource, AZM_S("deployment.environment"))); /* its old name */
    out->service_name = clean_name(first_of(first_of(settings->service_name, name), found), arena);
    out->service_version = known(first_of(settings->service_version, version));
    out->environment = known(first_of(settings->environment, environment));
}

void azm_functions_metadata(struct azm_source *out, const struct azm_settings *settings, const struct azm_env *env,
                            const struct azm_functions_facts *facts, struct azm_arena *arena, bool *node_name_ignored)
{
    azm_slice site = azm_env_get(env, "WEBSITE_SITE_NAME"), runtime = azm_env_get(env, "FUNCTIONS_WORKER_RUNTIME");
    azm_slice told = azm_env_get(env, "FUNCTIONS_WORKER_RUNTIME_VERSION");
    *out = (struct azm_source){.resource = azm_otel_list_read(settings->resource_attributes, arena)};
    name_service(out, settings, first_of(site, last_part(facts->app_directory)), arena);
    out->node_name = node_name(env);
    *node_name_ignored = settings->service_node_name.len != 0;
    out->agent_name = AZM_S("azimuth");
    out->agent_version = AZM_S(AZM_VERSION);
    out->framework_name = AZM_S("Azure Functions");
    out->framework_version = known(azm_env_get(env, "FUNCTIONS_EXTENSION_VERSION"));
    if (runtime.len) {
        out->runtime_name = runtime;
        out->runtime_version = first_of(first_of(facts->runtime_version, told), AZM_S("n/a"));
    }
    cloud(out, env);
    out->platform = platform(env, out->cloud_provider.len != 0, arena);
    out->labels = labels_of(settings->global_labels, arena);
    out->pid = facts->pid;
    out->ppid = facts->ppid;
    out->destination = settings->destination;
    out->logs = settings->logs;
}

void azm_faas_name(struct azm_buf *out, const struct azm_env *env, azm_slice function)
{
    azm_slice site = azm_env_get(env, "WEBSITE_SITE_NAME");
    azm_buf_add(out, site);
    if (site.len)
        azm_buf_add_byte(out, '/');
    azm_buf_add(out, function);
}

void azm_faas_id(struct azm_buf *out, const struct azm_env *env, azm_slice function)
{
    struct azm_owner_name owner;
    azm_slice site = azm_env_get(env, "WEBSITE_SITE_NAME"), slot = azm_env_get(env, "WEBSITE_SLOT_NAME");
    if (!site.len || !function.len || !azm_owner_name_parse(azm_env_get(env, "WEBSITE_OWNER_NAME"), &owner))
        return;
    azm_slice group = first_of(azm_env_get(env, "WEBSITE_RESOURCE_GROUP"), owner.resource_group);
    azm_buf_addf(out, "/subscriptions/%.*s/resourceGroups/%.*s/providers/Microsoft.Web/sites/%.*s",
                 AZM_FMT(owner.subscription), AZM_FMT(group), AZM_FMT(site));
    if (slot.len && !azm_slice_eq_nocase(slot, AZM_S("production")))
        azm_buf_addf(out, "/slots/%.*s", AZM_FMT(slot));
    azm_buf_addf(out, "/functions/%.*s", AZM_FMT(function));
}
