#include "export/elastic.h"

#include "export/object.h"

#define LABELS_MAX 128u

/* Everything but letters, digits, space, '_' and '-' would make the server refuse the whole request. */
static void put_service_name(struct azm_json_writer *json, azm_slice name)
{
    char clean[AZM_KEYWORD_MAX + 1];
    size_t n = azm_slice_copy(name, clean, sizeof clean);
    for (size_t i = 0; i < n; i++) {
        char c = clean[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == ' ' || c == '-'))
            clean[i] = '_';
    }
    azm_object_text(json, "name", n ? azm_slice_of(clean, n) : AZM_S("unknown-azimuth-service"));
}

/* Nothing without a name; intake wants some of them as a pair (both). */
static void put_pair(struct azm_json_writer *json, const char *key, azm_slice name, azm_slice version, bool both)
{
    if (!name.len || (both && !version.len))
        return;
    struct azm_object_mark mark = azm_object_open(json, key);
    azm_object_text(json, "name", name);
    azm_object_text(json, "version", version);
    azm_object_close(json, mark);
}

static void put_one(struct azm_json_writer *json, const char *name, const char *key, azm_slice value)
{
    struct azm_object_mark mark = azm_object_open(json, name);
    azm_object_text(json, key, value);
    azm_object_close(json, mark);
}

static void put_agent(struct azm_json_writer *json, const struct azm_source *source)
{
    struct azm_object_mark mark = azm_object_open(json, "agent");
    azm_object_text(json, "name", source->agent_name.len ? source->agent_name : AZM_S("azimuth"));
    azm_object_text(json, "version", source->agent_version.len ? source->agent_version : AZM_S(AZM_VERSION));
    azm_object_text(json, "activation_method", source->activation_method);
    azm_object_close(json, mark);
}

static void put_service(struct azm_json_writer *json, const struct azm_source *source)
{
    struct azm_object_mark mark = azm_object_open(json, "service");
    put_service_name(json, source->service_name);
    azm_object_text(json, "version", source->service_version);
    azm_object_text(json, "environment", source->environment);
    put_agent(json, source);
    put_pair(json, "framework", source->framework_name, source->framework_version, false);
    put_pair(json, "runtime", source->runtime_name, source->runtime_version, true);
    put_pair(json, "language", source->language_name, source->language_version, false);
    put_one(json, "node", "configured_name", source->node_name);
    azm_object_close(json, mark);
}

static void put_process(struct azm_json_writer *json, const struct azm_source *source)
{
    if (!source->pid)
        return;
    struct azm_object_mark mark = azm_object_open(json, "process");
    azm_object_number(json, "pid", source->pid);
    if (source->ppid)
        azm_object_number(json, "ppid", source->ppid);
    azm_object_text(json, "title", source->process_title);
    azm_object_close(json, mark);
}

static void put_cloud(struct azm_json_writer *json, const struct azm_source *source)
{
    if (!source->cloud_provider.len)
        return;
    struct azm_object_mark mark = azm_object_open(json, "cloud");
    azm_object_text(json, "provider", source->cloud_provider);
    azm_object_text(json, "region", source->cloud_region);
    put_one(json, "service", "name", source->cloud_service_name);
    put_one(json, "account", "id", source->cloud_account_id);
    put_one(json, "project", "name", source->cloud_project_name);
    struct azm_object_mark instance = azm_object_open(json, "instance");
    azm_object_text(json, "id", source->cloud_instance_id);
    azm_object_text(json, "name", source->cloud_instance_name);
    azm_object_close(json, instance);
    azm_object_close(json, mark);
}

static char as_label(char c)
{
    return (char)(c == '.' ? '_' : c);
}

static bool is_same_label(azm_slice a, azm_slice b)
{
    size_t i = 0;
    while (i < a.len && i < b.len && as_label(a.ptr[i]) == as_label(b.ptr[i]))
        i++;
    return i == a.len && i == b.len;
}

static bool has_label(const struct azm_pairs *labels, azm_slice key)
{
    for (size_t i = 0; i < labels->count; i++)
        if (is_same_label(labels->items[i].key, key))
            return true;
    return false;
}

/* The user's, and what the platform told ("azure_app_service_sku") where the user does not say otherwise. */
static void put_labels(struct azm_json_writer *json, const struct azm_source *source)
{
    struct azm_pair all[LABELS_MAX];
    struct azm_pairs labels = {all, 0};
    for (size_t i = 0; i < source->labels.count && labels.count < LABELS_MAX; i++)
        all[labels.count++] = source->labels.items[i];
    for (size_t i = 0; i < source->platform.count && labels.count < LABELS_MAX; i++)
        if (!has_label(&source->labels, source->platform.items[i].key))
            all[labels.count++] = source->platform.items[i];
    azm_object_labels(json, "labels", &labels);
}

void azm_elastic_metadata(struct azm_buf *out, const struct azm_source *source)
{
    struct azm_json_writer json = azm_json_writer(out);
    struct azm_object_mark line = azm_object_open(&json, NULL);
    struct azm_object_mark mark = azm_object_open(&json, "metadata");
    put_service(&json, source);
    put_process(&json, source);
    put_cloud(&json, source);
    put_labels(&json, source);
    azm_object_close(&json, mark);
    azm_object_close(&json, line);
    azm_json_end_line(&json);
}
