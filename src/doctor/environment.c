#include "doctor/environment.h"

#include "base/arena.h"
#include "doctor/finding.h"
#include "run/plan.h"
#include "trace/settings.h"

static void on_warning(void *self, azm_slice line)
{
    bool ignored = azm_slice_search(line, AZM_S(" is ignored")) < line.len;
    azm_finding(self, ignored ? "bad_setting" : "setting", AZM_PROBLEM_WARNING,
                ignored ? "correct or remove the setting, and restart the app" : NULL, "%.*s",
                AZM_FMT(azm_slice_take(line, 400)));
}

static void check_switches(json_t *report, const struct azm_env *env, const struct azm_settings *settings)
{
    struct azm_arena arena;
    azm_arena_init(&arena, 0);
    const char *off = azm_run_switched_off(env, &arena);
    if (off)
        azm_finding(report, "switched_off", AZM_PROBLEM_WARNING, "remove that setting, and restart the app",
                    "nothing that is started with this environment is seen: switched off by %.200s", off);
    else if (!settings->recording)
        azm_finding(report, "switched_off", AZM_PROBLEM_WARNING, "remove that setting, and restart the app",
                    "nothing that is started with this environment is seen: switched off by "
                    "ELASTIC_APM_RECORDING=false");
    azm_arena_dispose(&arena);
}

/* A port that everybody knows to be gRPC's; HTTP/1.1 gets no answer there. */
static bool has_grpc_port(const struct azm_destination *destination)
{
    azm_slice url = destination->full_url.len ? destination->full_url : destination->url;
    return destination->kind == AZM_DESTINATION_OTLP && azm_slice_search(url, AZM_S(":4317")) < url.len;
}

static void check_protocol(json_t *report, const struct azm_settings *settings)
{
    if (has_grpc_port(&settings->destination) || has_grpc_port(&settings->logs))
        azm_finding(report, "grpc_port", AZM_PROBLEM_WARNING,
                    "set OTEL_EXPORTER_OTLP_ENDPOINT to the server's port for HTTP, usually 4318",
                    "the OTLP endpoint's port is 4317, usually that of gRPC, which is not spoken");
}

void azm_environment_check(json_t *report, const struct azm_env *env, bool anything_seen)
{
    struct azm_settings settings;
    azm_settings_read(&settings, env, on_warning, report);
    check_switches(report, env, &settings);
    check_protocol(report, &settings);
    if (settings.destination.kind == AZM_DESTINATION_NONE && !anything_seen)
        azm_finding(
            report, "not_configured", AZM_PROBLEM_INFO,
            "set ELASTIC_APM_SERVER_URL=https://..., or OTEL_EXPORTER_OTLP_ENDPOINT=https://..., for the app; under "
            "azimuth run that is not needed",
            "this environment names no server: what is started with it, but under azimuth run, is not seen");
}
