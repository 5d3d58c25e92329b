#include "hub/receive/decode.h"

#include "hub/receive/samples.h"
#include "hub/receive/shape.h"
#include "hub/receive/unpack.h"

#include <jansson.h>

static const struct {
    const char *key;
    const struct azm_shape *shape;
    bool is_event;
    enum azm_event_kind kind;
} kinds[] = {
    {"transaction", &azm_shape_transaction, true, AZM_EVENT_TRANSACTION},
    {"span", &azm_shape_span, true, AZM_EVENT_SPAN},
    {"error", &azm_shape_error, true, AZM_EVENT_ERROR},
    {"log", &azm_shape_log, true, AZM_EVENT_LOG},
    {"metricset", &azm_shape_metricset, false, AZM_EVENT_LOG},
};

static json_t *parse(azm_slice line, const char **key, json_t **object, struct azm_error *err)
{
    json_error_t where;
    json_t *root = json_loadb(line.ptr, line.len, JSON_ALLOW_NUL, &where);
    if (!root) {
        azm_fail(err, AZM_BAD_INPUT, "JSON error at byte %d: %s", where.position, where.text);
        return NULL;
    }
    void *first = json_object_iter(root);
    *key = first ? json_object_iter_key(first) : "";
    *object = first ? json_object_iter_value(first) : NULL;
    return root;
}

/* The object's own bytes: of {"span":{...}} what is between the first colon (the key holds none) and the last brace. A
 * line with more keys than one is written anew. */
static azm_slice raw_of(azm_slice line, const json_t *root, const json_t *object, struct azm_arena *arena)
{
    if (json_object_size(root) == 1) {
        azm_slice rest = azm_slice_drop(line, azm_slice_find(line, ':') + 1);
        return azm_arena_copy(arena, azm_slice_take(rest, azm_slice_rfind(rest, '}')));
    }
    char *text = json_dumps(object, JSON_COMPACT);
    azm_slice raw = azm_arena_copy(arena, azm_slice_str(text));
    free(text);
    return raw;
}

typedef enum azm_status check_shape(const struct azm_shape *shape, const char *name, const json_t *value,
                                    struct azm_error *err);

/* Metadata that came by OTLP has the resource's attributes. */
static bool is_from_host(const json_t *metadata)
{
    const json_t *resource = json_object_get(json_object_get(metadata, "otel"), "resource");
    const json_t *prefix = json_object_get(resource, AZM_HOST_SDK_KEY);
    return json_is_string(prefix) && azm_slice_starts(azm_slice_str(json_string_value(prefix)), AZM_HOST_SDK_PREFIX);
}

static enum azm_status take_metadata(azm_slice line, const json_t *root, const char *key, const json_t *object,
                                     check_shape *check, struct azm_batch *batch, struct azm_error *err)
{
    if (strcmp(key, "metadata") != 0)
        return azm_fail(err, AZM_BAD_INPUT, "the first line must be {\"metadata\": {...}}, not \"%.40s\"", key);
    enum azm_status status = check(&azm_shape_metadata, key, object, err);
    if (status == AZM_OK) {
        azm_slice raw = raw_of(line, root, object, &batch->arena);
        azm_slice name = azm_intake_text(object, "service.agent.name");
        azm_slice version = azm_intake_text(object, "service.agent.version");
        const char *agent = azm_arena_printf(&batch->arena, "%.*s/%.*s", AZM_FMT(name), AZM_FMT(version));
        const struct azm_process process = {.metadata = raw,
                                            .agent = azm_slice_str(agent),
                                            .node = azm_intake_text(object, "service.node.configured_name"),
                                            .service = azm_intake_text(object, "service.name"),
                                            .environment = azm_intake_text(object, "service.environment"),
                                            .from_host = is_from_host(object)};
        azm_batch_set_process(batch, &process);
    }
    return status;
}

static enum azm_status decode_metadata(azm_slice line, check_shape *check, struct azm_batch *batch,
                                       struct azm_error *err)
{
    const char *key;
    json_t *object, *root = parse(line, &key, &object, err);
    if (!root)
        return AZM_BAD_INPUT;
    enum azm_status status = take_metadata(line, root, key, object, check, batch, err);
    json_decref(root);
    return status;
}

static enum azm_status take_event(azm_slice line, const json_t *root, const char *key, const json_t *object,
                                  check_shape *check, struct azm_batch *batch, struct azm_error *err)
{
    for (size_t i = 0; i < AZM_COUNT(kinds); i++) {
        if (strcmp(key, kinds[i].key) != 0)
            continue;
        enum azm_status status = check(kinds[i].shape, key, object, err);
        if (status != AZM_OK)
            return status;
        if (!kinds[i].is_event) {
            azm_unpack_metricset(object, batch);
            batch->bytes += line.len;
            return AZM_OK;
        }
        struct azm_event *event = azm_batch_add(batch);
        event->kind = kinds[i].kind;
        event->raw = raw_of(line, root, object, &batch->arena);
        azm_unpack(object, batch, event);
        batch->bytes += line.len;
        return AZM_OK;
    }
    return azm_fail(err, AZM_BAD_INPUT,
                    "unknown kind of event \"%.40s\"; transaction, span, error, log and metricset are known", key);
}

static enum azm_status decode_event(azm_slice line, check_shape *check, struct azm_batch *batch, struct azm_error *err)
{
    const char *key;
    json_t *object, *root = parse(line, &key, &object, err);
    if (!root)
        return AZM_BAD_INPUT;
    enum azm_status status = take_event(line, root, key, object, check, batch, err);
    json_decref(root);
    return status;
}

enum azm_status azm_decode_metadata(azm_slice line, struct azm_batch *batch, struct azm_error *err)
{
    return decode_metadata(line, azm_shape_check, batch, err);
}

enum azm_status azm_decode_exported_metadata(azm_slice line, struct azm_batch *batch, struct azm_error *err)
{
    return decode_metadata(line, azm_shape_check_exported, batch, err);
}

enum azm_status azm_decode_event(azm_slice line, struct azm_batch *batch, struct azm_error *err)
{
    return decode_event(line, azm_shape_check, batch, err);
}

enum azm_status azm_decode_exported_event(azm_slice line, struct azm_batch *batch, struct azm_error *err)
{
    return decode_event(line, azm_shape_check_exported, batch, err);
}
