#include "hub/query/process.h"

#include "hub/query/answer.h"
#include "json/read.h"

#include <stdio.h>

static azm_slice text_at(const json_t *root, const char *path)
{
    return azm_json_slice(azm_json_at(root, path));
}

/* "name version", or what of it there is. */
static void add_pair(struct azm_json_writer *json, azm_slice key, azm_slice name, azm_slice version)
{
    char text[160];
    name = azm_slice_take(name, 70);
    version = azm_slice_take(version, 70);
    int n =
        snprintf(text, sizeof text, "%.*s%s%.*s", AZM_FMT(name), name.len && version.len ? " " : "", AZM_FMT(version));
    azm_answer_text(json, key, azm_slice_of(text, (size_t)n));
}

static void add_place(struct azm_json_writer *json, const json_t *root)
{
    azm_slice host = text_at(root, "system.configured_hostname");
    if (!host.len)
        host = text_at(root, "system.detected_hostname");
    if (!host.len)
        host = text_at(root, "system.hostname");
    azm_answer_text(json, AZM_S("host"), host);
    const json_t *pid = azm_json_at(root, "process.pid");
    if (json_is_integer(pid))
        azm_answer_int(json, AZM_S("pid"), json_integer_value(pid));
}

void azm_process_answer(struct azm_json_writer *json, azm_slice agent, azm_slice metadata, bool with_place)
{
    json_t *root = NULL;
    azm_answer_text(json, AZM_S("agent"), agent);
    if (azm_json_parse(metadata, "metadata", &root, NULL) != AZM_OK)
        return;
    azm_answer_text(json, AZM_S("language"), text_at(root, "service.language.name"));
    add_pair(json, AZM_S("runtime"), text_at(root, "service.runtime.name"), text_at(root, "service.runtime.version"));
    add_pair(json, AZM_S("cloud"), text_at(root, "cloud.provider"), text_at(root, "cloud.service.name"));
    if (with_place)
        add_place(json, root);
    json_decref(root);
}
