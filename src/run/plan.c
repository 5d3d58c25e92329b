#include "run/plan.h"

static azm_slice layered(const void *self, const char *name)
{
    const struct azm_run_layers *layers = self;
    azm_slice value = azm_env_get(layers->top, name);
    return value.ptr ? value : azm_env_get(layers->below, name);
}

struct azm_env azm_run_env_over(const struct azm_run_layers *layers)
{
    return (struct azm_env){layered, layers};
}

const char *azm_run_switched_off(const struct azm_env *env, struct azm_arena *arena)
{
    static const struct {
        const char *name;
        azm_slice value;
    } switches[] = {
        {"ELASTIC_APM_ENABLED", AZM_S("false")},   {"OTEL_SDK_DISABLED", AZM_S("true")},
        {"AZIMUTH_ENABLED", AZM_S("false")},       {"AZIMUTH_ENABLED", AZM_S("0")},
        {"ELASTIC_APM_RECORDING", AZM_S("false")}, {"ELASTIC_APM_DISABLE_SEND", AZM_S("true")},
    };
    for (size_t i = 0; i < AZM_COUNT(switches); i++) {
        azm_slice value = azm_slice_trim(azm_env_get(env, switches[i].name));
        if (azm_slice_eq_nocase(value, switches[i].value))
            return azm_arena_printf(arena, "%s=%.*s", switches[i].name, AZM_FMT(value));
    }
    return NULL;
}

const char *azm_run_destination(const struct azm_env *env)
{
    static const char *const names[] = {"ELASTIC_APM_SERVER_URL", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT",
                                        "OTEL_EXPORTER_OTLP_ENDPOINT", "DT_CONNECTION_POINT"};
    bool no_otlp = azm_slice_eq_nocase(azm_env_get(env, "OTEL_TRACES_EXPORTER"), AZM_S("none"));
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        if (no_otlp && azm_slice_starts(azm_slice_str(names[i]), AZM_S("OTEL_")))
            continue;
        if (azm_slice_trim(azm_env_get(env, names[i])).len > 0)
            return names[i];
    }
    return NULL;
}

const char *azm_run_shown_url(azm_slice url, struct azm_arena *arena)
{
    size_t scheme = azm_slice_search(url, AZM_S("://"));
    size_t start = scheme < url.len ? scheme + 3 : 0;
    azm_slice rest = azm_slice_drop(url, start);
    rest = azm_slice_take(rest, azm_slice_find(rest, '?'));
    azm_slice authority = azm_slice_take(rest, azm_slice_find(rest, '/'));
    size_t at = azm_slice_rfind(authority, '@');
    if (at < authority.len)
        rest = azm_slice_drop(rest, at + 1);
    azm_slice shown = azm_slice_take(rest, 200);
    return azm_arena_printf(arena, "%.*s%.*s", (int)start, url.ptr ? url.ptr : "", AZM_FMT(shown));
}

static void change(struct azm_run_plan *plan, const char *name, const char *value)
{
    plan->changes[plan->count++] = (struct azm_run_change){name, value};
}

/* Both spellings mean one setting to .NET. Where both are there, which one wins is left to chance. */
static const char *setting(struct azm_arena *arena, const char *separator, const char *language)
{
    return azm_arena_printf(arena, "languageWorkers%s%s%sdefaultExecutablePath", separator, language, separator);
}

/* What the user (or a run around this one) had for a language; empty when nothing, or the tap already. */
static azm_slice had(const struct azm_run_facts *facts, struct azm_arena *arena, const char *language)
{
    azm_slice value = azm_env_get(facts->env, setting(arena, "__", language));
    if (value.len == 0)
        value = azm_env_get(facts->env, setting(arena, ":", language));
    return azm_slice_eq(value, azm_slice_str(facts->tap)) ? (azm_slice){NULL, 0} : value;
}

static void plan_language(const struct azm_run_facts *facts, struct azm_arena *arena, const char *language,
                          struct azm_run_plan *out)
{
    static const char chain[] = "AZIMUTH_WORKER_EXECUTABLE";
    azm_slice before = had(facts, arena, language);
    bool python = strcmp(language, "python") == 0;
    bool used = azm_slice_eq_nocase(azm_env_get(facts->env, "FUNCTIONS_WORKER_RUNTIME"), azm_slice_str(language));
    if (!used && (python || before.len > 0))
        return;
    if (python && before.len == 0 && azm_env_get(facts->env, chain).len == 0) {
        if (!facts->python)
            return;
        change(out, chain, facts->python);
    }
    if (before.len > 0)
        change(out, chain, azm_arena_str(arena, before));
    change(out, setting(arena, "__", language), facts->tap);
    if (python || azm_env_get(facts->env, setting(arena, ":", language)).ptr)
        change(out, setting(arena, ":", language), facts->tap);
}

static void plan_handler(const struct azm_run_facts *facts, struct azm_arena *arena, struct azm_run_plan *out)
{
    const char *name =
        azm_arena_printf(arena, "AzureFunctionsJobHost__%s__description__defaultExecutablePath", facts->handler);
    azm_slice before = azm_env_get(facts->env, name);
    if (before.len > 0 && !azm_slice_eq(before, azm_slice_str(facts->tap)))
        change(out, "AZIMUTH_WORKER_EXECUTABLE", azm_arena_str(arena, before));
    change(out, name, facts->tap);
}

static bool is_first(azm_slice path, azm_slice folder)
{
    return azm_slice_starts(path, folder) && (path.len == folder.len || path.ptr[folder.len] == ':');
}

static void plan_path(const struct azm_run_facts *facts, struct azm_arena *arena, struct azm_run_plan *out)
{
    azm_slice path = azm_env_get(facts->env, "PATH");
    if (facts->shims && path.len > 0 && !is_first(path, azm_slice_str(facts->shims)))
        change(out, "PATH", azm_arena_printf(arena, "%s:%.*s", facts->shims, AZM_FMT(path)));
}

/* A hub that was started with a token wants to hear it. */
static void plan_hub(const struct azm_run_facts *facts, struct azm_arena *arena, struct azm_run_plan *out)
{
    azm_slice token = azm_env_get(facts->env, "AZIMUTH_HUB_TOKEN");
    change(out, "ELASTIC_APM_SERVER_URL", facts->hub_url);
    if (!azm_env_get(facts->env, "ELASTIC_APM_LOG_SENDING").len)
        change(out, "ELASTIC_APM_LOG_SENDING", "true");
    if (token.len > 0)
        change(out, "ELASTIC_APM_SECRET_TOKEN", azm_arena_str(arena, token));
}

void azm_run_plan(const struct azm_run_facts *facts, struct azm_arena *arena, struct azm_run_plan *out)
{
    static const char *const languages[] = {"node", "python", "java", "powershell"};
    out->count = 0;
    for (size_t i = 0; i < AZM_COUNT(languages); i++)
        plan_language(facts, arena, languages[i], out);
    if (facts->handler)
        plan_handler(facts, arena, out);
    plan_path(facts, arena, out);
    if (facts->hub_url && !azm_run_destination(facts->env))
        plan_hub(facts, arena, out);
}

static bool is_changed(const struct azm_run_plan *plan, const char *pair)
{
    azm_slice name = azm_slice_str(pair);
    name = azm_slice_take(name, azm_slice_find(name, '='));
    for (size_t i = 0; i < plan->count; i++)
        if (azm_slice_eq(name, azm_slice_str(plan->changes[i].name)))
            return true;
    return false;
}

char **azm_run_apply(const struct azm_run_plan *plan, char *const *envp, struct azm_arena *arena)
{
    size_t count = 0, n = 0;
    while (envp[count])
        count++;
    char **out = azm_arena_array(arena, char *, count + plan->count + 1);
    for (size_t i = 0; i < count; i++)
        if (!is_changed(plan, envp[i]))
            out[n++] = envp[i];
    for (size_t i = 0; i < plan->count; i++)
        out[n++] = azm_arena_printf(arena, "%s=%s", plan->changes[i].name, plan->changes[i].value);
    return out;
}
