#include "tap/functions.h"

#include <stdlib.h>

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

struct azm_function *azm_functions_find_name(const struct azm_functions *functions, azm_slice name)
{
    for (size_t i = 0; i < functions->slot_count; i++)
        if (functions->slots[i] && azm_slice_eq(functions->slots[i]->name, name))
            return functions->slots[i];
    return NULL;
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

struct azm_function *azm_functions_add(struct azm_functions *functions, azm_slice id, azm_slice name,
                                       azm_slice directory, azm_slice trigger_type)
{
    struct azm_function *function = azm_functions_find(functions, id);
    if (!function) {
        if (!make_room(functions) || !(function = azm_arena_new(&functions->arena, struct azm_function)))
            return NULL;
        function->id = azm_arena_copy(&functions->arena, id);
        if (!function->id.ptr)
            return NULL;
        *slot_of(functions->slots, functions->slot_count, id, functions->seed) = function;
        functions->count++;
    }
    learn(functions, function, &function->name, name);
    learn(functions, function, &function->directory, directory);
    learn(functions, function, &function->trigger_type, trigger_type);
    return function;
}

/* "%NAME%" as a whole becomes that setting's value, as the host does it; anything else stays. */
static azm_slice resolve(azm_slice text, const struct azm_env *env)
{
    char name[256];
    if (text.len < 3 || text.ptr[0] != '%' || text.ptr[text.len - 1] != '%' || text.len > sizeof name)
        return text;
    azm_slice_copy((azm_slice){text.ptr + 1, text.len - 2}, name, sizeof name);
    azm_slice value = azm_env_get(env, name);
    return value.len ? value : text;
}

void azm_functions_describe(struct azm_functions *functions, struct azm_function *function, azm_slice binding_json,
                            const struct azm_env *env)
{
    json_t *binding = NULL;
    if (azm_json_parse(binding_json, "binding", &binding, NULL) != AZM_OK)
        return;
    azm_slice type = azm_json_get_slice(binding, "type"), route = azm_json_get_slice(binding, "route");
    azm_slice queue = azm_json_get_slice(binding, "queueName");
    learn(functions, function, &function->trigger_type, type);
    learn(functions, function, &function->route, resolve(route, env));
    learn(functions, function, &function->queue, resolve(queue, env));
    function->described = true;
    json_decref(binding);
}
