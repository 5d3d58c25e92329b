#include "tap/functions.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/hash.h"
#include "json/read.h"

#define TEXT_MAX   (16u << 20)
#define FIRST_SIZE 64u

void azm_functions_init(struct azm_functions *functions, uint64_t seed)
{
    *functions = (struct azm_functions){.seed = seed};
    azm_arena_init(&functions->arena, TEXT_MAX);
}

void azm_functions_dispose(struct azm_functions *functions)
{
    azm_arena_dispose(&functions->arena);
    free(functions->slots);
    functions->slots = NULL;
    functions->slot_count = functions->count = 0;
    functions->full = false;
    functions->unreadable = 0;
}

void azm_functions_clear(struct azm_functions *functions)
{
    azm_functions_dispose(functions);
    functions->generation++;
}

static struct azm_function **slot_of(struct azm_function **slots, size_t count, azm_slice id, uint64_t seed)
{
    size_t at = (size_t)azm_hash(id, seed) & (count - 1);
    while (slots[at] && !azm_slice_eq(slots[at]->id, id))
        at = (at + 1) & (count - 1);
    return &slots[at];
}

struct azm_function *azm_functions_find(const struct azm_functions *functions, azm_slice id)
{
    return functions->slot_count ? *slot_of(functions->slots, functions->slot_count, id, functions->seed) : NULL;
}

static struct azm_function *find_name(const struct azm_functions *functions, azm_slice name, bool described)
{
    for (size_t i = 0; i < functions->slot_count; i++) {
        struct azm_function *function = functions->slots[i];
        if (function && function->described == described && azm_slice_eq(function->name, name))
            return function;
    }
    return NULL;
}

struct azm_function *azm_functions_find_bare(const struct azm_functions *functions, azm_slice name)
{
    return find_name(functions, name, false);
}

void azm_functions_inherit(const struct azm_functions *functions, struct azm_function *function)
{
    if (function->described || !function->name.len)
        return;
    const struct azm_function *known = find_name(functions, function->name, true);
    if (!known)
        return;
    if (function->trigger_type.len && !azm_slice_eq_nocase(function->trigger_type, known->trigger_type))
        return; /* of that name, but another */
    function->trigger_type = known->trigger_type;
    function->trigger = known->trigger;
    function->route = known->route;
    function->methods = known->methods;
    function->queue = known->queue;
    memcpy(function->binding_labels, known->binding_labels, sizeof function->binding_labels);
    function->described = true;
    function->labels = 0;
}

/* Keeps the table at most half full, so that a search always ends. */
static bool make_room(struct azm_functions *functions)
{
    if (functions->count >= AZM_FUNCTIONS_MAX)
        return false;
    if (functions->count * 2 < functions->slot_count)
        return true;
    size_t size = functions->slot_count ? functions->slot_count * 2 : FIRST_SIZE;
    struct azm_function **slots = calloc(size, sizeof(struct azm_function *));
    if (!slots)
        return false;
    for (size_t i = 0; i < functions->slot_count; i++)
        if (functions->slots[i])
            *slot_of(slots, size, functions->slots[i]->id, functions->seed) = functions->slots[i];
    free(functions->slots);
    functions->slots = slots;
    functions->slot_count = size;
    return true;
}

/* A change makes the names anew. What is told again costs nothing; what finds no room leaves what was known. */
static void learn(struct azm_functions *functions, struct azm_function *function, azm_slice *known, azm_slice told)
{
    if (!told.len || azm_slice_eq(*known, told))
        return;
    azm_slice copy = azm_arena_copy(&functions->arena, told);
    if (!copy.ptr)
        return;
    *known = copy;
    function->labels = 0;
}

static void learn_trigger(struct azm_functions *functions, struct azm_function *function, azm_slice type)
{
    learn(functions, function, &function->trigger_type, type);
    if (function->trigger_type.len)
        function->trigger = azm_trigger_of(function->trigger_type);
}

static struct azm_function *make(struct azm_functions *functions, azm_slice id)
{
    struct azm_function *function = make_room(functions) ? azm_arena_new(&functions->arena, struct azm_function) : NULL;
    if (!function)
        return NULL;
    function->id = azm_arena_copy(&functions->arena, id);
    if (!function->id.ptr)
        return NULL;
    *slot_of(functions->slots, functions->slot_count, id, functions->seed) = function;
    functions->count++;
    return function;
}

struct azm_function *azm_functions_add(struct azm_functions *functions, azm_slice id, azm_slice name,
                                       azm_slice directory, azm_slice trigger_type)
{
    struct azm_function *function = azm_functions_find(functions, id);
    if (!function)
        function = make(functions, id);
    functions->full |= !function;
    if (!function)
        return NULL;
    learn(functions, function, &function->name, name);
    learn(functions, function, &function->directory, directory);
    learn_trigger(functions, function, trigger_type);
    return function;
}

/* Each "%NAME%" becomes that setting's value, as the host does it; what is no setting stays. */
static void learn_resolved(struct azm_functions *functions, struct azm_function *function, azm_slice *known,
                           azm_slice text, const struct azm_env *env)
{
    char resolved[1024], name[256];
    struct azm_buf out;
    azm_buf_init_fixed(&out, resolved, sizeof resolved);
    while (text.len) {
        size_t begin = azm_slice_find(text, '%'), len = azm_slice_find(azm_slice_drop(text, begin + 1), '%');
        azm_slice setting = {NULL, 0};
        if (begin + 1 + len < text.len && len && len < sizeof name) {
            azm_slice_copy((azm_slice){text.ptr + begin + 1, len}, name, sizeof name);
            setting = azm_env_get(env, name);
        }
        azm_buf_add(&out, azm_slice_take(text, begin));
        if (setting.len)
            azm_buf_add(&out, setting);
        else if (begin < text.len)
            azm_buf_add_byte(&out, '%');
        text = azm_slice_drop(text, setting.len ? begin + len + 2 : begin + 1);
    }
    if (!out.failed)
        learn(functions, function, known, azm_buf_slice(&out));
}

/* Of a blob's path the container: what follows is a pattern. It may be one itself. */
static azm_slice place_of(const struct azm_trigger *trigger, azm_slice text)
{
    if (!azm_trigger_is_blob(trigger))
        return text;
    text = azm_slice_take(text, azm_slice_find(text, '/'));
    return azm_slice_find(text, '{') < text.len ? (azm_slice){NULL, 0} : text;
}

static void describe_trigger(struct azm_functions *functions, struct azm_function *function, const json_t *binding,
                             const struct azm_env *env)
{
    const struct azm_trigger *trigger = function->trigger;
    azm_slice place = {NULL, 0};
    for (size_t i = 0; i < AZM_TRIGGER_PLACES && !place.len; i++)
        if (trigger->places[i])
            place = azm_json_get_slice(binding, trigger->places[i]);
    learn_resolved(functions, function, &function->queue, place_of(trigger, place), env);
    for (size_t i = 0; i < AZM_TRIGGER_LABELS; i++)
        if (trigger->labels[i].member)
            learn_resolved(functions, function, &function->binding_labels[i],
                           azm_json_get_slice(binding, trigger->labels[i].member), env);
}

static void learn_methods(struct azm_functions *functions, struct azm_function *function, const json_t *binding)
{
    char text[256];
    struct azm_buf out;
    const json_t *methods = azm_json_get(binding, "methods");
    azm_buf_init_fixed(&out, text, sizeof text);
    for (size_t i = 0; i < json_array_size(methods); i++)
        azm_buf_addf(&out, "%s%s", i ? "," : "", json_string_value(json_array_get(methods, i)));
    if (!out.failed)
        learn(functions, function, &function->methods, azm_buf_slice(&out));
}

static json_t *read_binding(struct azm_functions *functions, azm_slice binding_json)
{
    json_t *binding = NULL;
    if (azm_json_parse(binding_json, "binding", &binding, NULL) == AZM_OK)
        return binding;
    functions->unreadable++;
    return NULL;
}

void azm_functions_bind(struct azm_functions *functions, struct azm_function *function, azm_slice binding_json,
                        const struct azm_env *env)
{
    json_t *binding = read_binding(functions, binding_json);
    azm_slice type = azm_json_get_slice(binding, "type");
    if (azm_slice_ends_nocase(type, AZM_S("Trigger")))
        azm_functions_describe(functions, function, binding_json, env);
    else if (azm_slice_eq_nocase(type, AZM_S("http")))
        learn(functions, function, &function->http_output, azm_json_get_slice(binding, "name"));
    else
        function->has_others |= binding != NULL;
    json_decref(binding);
}

void azm_functions_describe(struct azm_functions *functions, struct azm_function *function, azm_slice binding_json,
                            const struct azm_env *env)
{
    json_t *binding = read_binding(functions, binding_json);
    if (!binding)
        return;
    learn_trigger(functions, function, azm_json_get_slice(binding, "type"));
    learn_resolved(functions, function, &function->route, azm_json_get_slice(binding, "route"), env);
    learn_methods(functions, function, binding);
    if (function->trigger)
        describe_trigger(functions, function, binding, env);
    function->described = true;
    json_decref(binding);
}
