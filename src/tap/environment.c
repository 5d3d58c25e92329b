#include "tap/environment.h"

#define TEXT_MAX (256u * 1024)

static bool is_ours(azm_slice name)
{
    static const azm_slice prefixes[] = {AZM_S_INIT("ELASTIC_APM_"), AZM_S_INIT("OTEL_"), AZM_S_INIT("AZIMUTH_"),
                                         AZM_S_INIT("DT_")};
    for (size_t i = 0; i < AZM_COUNT(prefixes); i++)
        if (azm_slice_starts(name, prefixes[i]))
            return true;
    return false;
}

static azm_slice get(const void *self, const char *name)
{
    const struct azm_environment *environment = self;
    if (!environment->reloaded)
        return azm_env_get(environment->base, name);
    azm_slice wanted = azm_slice_str(name);
    for (size_t i = environment->count; i > 0; i--) /* the last duplicate wins */
        if (azm_slice_eq(environment->variables[i - 1].name, wanted))
            return environment->variables[i - 1].value;
    return is_ours(wanted) ? azm_env_get(environment->base, name) : (azm_slice){NULL, 0};
}

void azm_environment_init(struct azm_environment *environment, const struct azm_env *base)
{
    *environment = (struct azm_environment){.base = base, .env = {get, environment}};
    azm_arena_init(&environment->arena, TEXT_MAX);
}

void azm_environment_dispose(struct azm_environment *environment)
{
    azm_arena_dispose(&environment->arena);
    environment->count = 0;
}

void azm_environment_reload(struct azm_environment *environment)
{
    azm_environment_dispose(environment);
    environment->reloaded = true;
}

void azm_environment_set(struct azm_environment *environment, azm_slice name, azm_slice value)
{
    if (!environment->reloaded || environment->count == AZM_ENVIRONMENT_MAX)
        return;
    azm_slice kept_name = azm_arena_copy(&environment->arena, name);
    azm_slice kept_value = azm_arena_copy(&environment->arena, value);
    if (!kept_name.ptr || !kept_value.ptr)
        return;
    environment->variables[environment->count].name = kept_name;
    environment->variables[environment->count].value = kept_value;
    environment->count++;
}
