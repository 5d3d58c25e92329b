#include "tap/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "os/clock.h"
#include "os/entropy.h"
#include "tap/death.h"
#include "tap/handler_leg.h"
#include "tap/logs.h"
#include "tap/lost.h"
#include "tap/proxied.h"
#include "tap/request.h"
#include "tap/session_parts.h"
#include "tap/timeout.h"
#include "trace/settings_show.h"

#define SHARED_ATTEMPTS 8u /* to find what another worker has indexed */

/* --- settings --- */

static void warn(void *self, azm_slice line)
{
    azm_session_note(self, line);
}

/* What depends on the environment or on host.json, and so changes when one of them does. */
static void derive(struct azm_session *session)
{
    const struct azm_env *env = &session->environment.env;
    azm_slice mode = azm_env_get(env, "AzureFunctionsJobHost__telemetryMode");
    struct azm_file_facts facts = {0};
    if (session->files) {
        session->files_version = azm_files_version(session->files);
        facts = azm_files_facts(session->files);
    }
    azm_slice forwards = azm_env_get(env, "AzureFunctionsJobHost__customHandler__enableForwardingHttpRequest");
    session->handler_forwards = forwards.ptr ? azm_slice_eq_nocase(forwards, AZM_S("true")) : facts.handler_forwards;
    session->http_worker = facts.http_worker;
    session->route_prefix = facts.has_route_prefix ? facts.route_prefix : AZM_S("api");
    session->host_exports = azm_env_get(env, "APPLICATIONINSIGHTS_CONNECTION_STRING").len ||
                            azm_env_get(env, "APPINSIGHTS_INSTRUMENTATIONKEY").len ||
                            azm_slice_eq_nocase(mode, AZM_S("OpenTelemetry")) || facts.telemetry_opentelemetry;
    session->timeout_us = azm_timeout_of(env, facts.has_host, facts.function_timeout);
    session->overdue_us = 0;
    session->labels++;
}

void azm_session_configure(struct azm_session *session)
{
    const struct azm_env *env = &session->environment.env;
    azm_settings_read(&session->settings, env, warn, session);
    session->active = session->settings.enabled && session->settings.recording && !session->settings.disable_send &&
                      session->settings.destination.kind != AZM_DESTINATION_NONE;
    session->placeholder = azm_slice_eq(azm_env_get(env, "WEBSITE_PLACEHOLDER_MODE"), AZM_S("1"));
    azm_logs_configure(&session->logs, &session->settings);
    session->rewrites =
        session->active && !session->placeholder && session->settings.trace_context == AZM_TRACE_CONTEXT_REWRITE;
    azm_header_names_init(&session->header_names, session->settings.sanitize_field_names);
    session->source_written = false;
    session->settings_told = false;
    if (session->active && !session->placeholder)
        azm_settings_warn_unused(env, warn, session);
    derive(session);
}

void azm_session_renew(struct azm_session *session)
{
    if (session->files && azm_files_version(session->files) != session->files_version)
        derive(session);
}

struct azm_session *azm_session_open(const struct azm_env *env, const char *program)
{
    struct azm_session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    uint64_t seed[4] = {0};
    azm_environment_init(&session->environment, env);
    azm_buf_init(&session->notes, 16 * 1024);
    azm_session_configure(session);
    /* A placeholder is configured later, by its reload message: what is off now may be on then. */
    if (!session->active && !session->placeholder) {
        azm_environment_dispose(&session->environment);
        azm_buf_dispose(&session->notes);
        free(session);
        return NULL;
    }
    (void)!azm_entropy(seed, sizeof seed); /* zeros will do, where the system has none: ids are no secrets */
    azm_random_init(&session->random, seed);
    azm_arena_init(&session->facts, 256 * 1024);
    azm_functions_init(&session->functions, azm_random_u64(&session->random));
    azm_invocations_init(&session->invocations, azm_random_u64(&session->random));
    azm_channel_init(&session->channel, program);
    azm_shared_functions_init(&session->shared);
    session->files = azm_files_open(session->channel.run_dir);
    session->errands = azm_errands_open();
    session->health.report.mode = AZM_S("grpc");
    return session;
}

/* --- errands --- */

static void prepare_channel(void *self)
{
    struct azm_session *session = self;
    azm_channel_prepare(&session->channel, session->environment.base);
}

static void start_agent(void *self)
{
    azm_channel_start_agent(&((struct azm_session *)self)->channel);
}

static void read_files(struct azm_session *session)
{
    if (session->files && session->errands)
        azm_errands_post(session->errands, azm_files_read, session->files);
}

void azm_session_read_more(struct azm_session *session, int64_t now_us)
{
    if (!session->prepared_us || !session->files || !azm_files_waiting(session->files))
        return;
    session->prepared_us = now_us;
    read_files(session);
}

/* What another worker has indexed is not there yet: it is looked for again, a few times. */
static void look_for_shared(struct azm_session *session)
{
    if (!session->bare || !session->files || session->shared_asked >= SHARED_ATTEMPTS)
        return;
    session->bare = false;
    session->shared_asked++;
    azm_files_ask_shared(session->files);
    read_files(session);
}

void azm_session_prepare(struct azm_session *session, int64_t now_us)
{
    if (!session->active || session->placeholder || session->prepared_us)
        return;
    session->prepared_us = now_us;
    if (!session->errands || !azm_errands_post(session->errands, prepare_channel, session))
        session->channel.state = AZM_CHANNEL_FAILED;
    read_files(session);
}

/* What this session tells of itself, as far as there is news. */
static void report_health(struct azm_session *session, int64_t now_us)
{
    struct azm_health *health = &session->health;
    uint32_t files = session->files ? azm_files_unreadable(session->files) : 0;
    azm_health_functions(health, session->functions.count, session->functions.full,
                         session->functions.unreadable + files);
    if (session->channel.state == AZM_CHANNEL_OPEN && azm_health_due(health, now_us))
        azm_channel_put_report(&session->channel, &health->report);
}

void azm_session_start_agent(struct azm_session *session, int64_t now_us)
{
    if (session->saw_answer && session->channel.state == AZM_CHANNEL_OPEN &&
        azm_channel_wants_agent(&session->channel, now_us) && session->errands) {
        azm_errands_post(session->errands, start_agent, session);
        session->health.told = false; /* the one before may have taken what was told with it */
    }
}

void azm_session_tell_news(struct azm_session *session, int64_t now_us)
{
    if (session->channel.state != AZM_CHANNEL_OPEN)
        return;
    azm_early_put(session);
    azm_request_report_losses(session);
    report_health(session, now_us);
}

void azm_session_forward(struct azm_session *session, const struct azm_forward *forward)
{
    session->forward = *forward;
    session->armed = session->active && forward->open;
}

void azm_session_handler(struct azm_session *session)
{
    session->handler = true;
    session->health.report.mode = AZM_S("http");
    azm_session_app_directory(session, azm_env_get(&session->environment.env, "FUNCTIONS_APP_ROOT_PATH"));
    if (session->files && session->app_directory.len)
        azm_files_ask_all(session->files);
    azm_session_prepare(session, azm_clock_mono_us());
}

void azm_session_worker(struct azm_session *session, uint32_t pid)
{
    session->health.report.worker_pid = pid;
}

bool azm_session_armed(const struct azm_session *session)
{
    return session->armed;
}

bool azm_session_rewrites(const struct azm_session *session)
{
    return session->rewrites;
}

/* Told again only when there are twice as many: a host may send none that can be overwritten. */
void azm_session_missed_rewrites(struct azm_session *session, uint64_t count)
{
    char line[160];
    session->unwritten += count;
    if (count == 0 || session->unwritten < 2 * session->unwritten_noted)
        return;
    session->unwritten_noted = session->unwritten;
    int len =
        snprintf(line, sizeof line,
                 "AZIMUTH_TRACE_CONTEXT=rewrite: %" PRIu64 " trace contexts were left as they were (no 55 bytes of "
                 "version 00, or in pieces too far apart)",
                 session->unwritten);
    azm_session_note(session, (azm_slice){line, (size_t)len});
}

void azm_session_patch(struct azm_session *session, struct azm_patch *patch)
{
    session->patch = patch;
}

/* --- life --- */

void azm_session_stream_opened(struct azm_session *session)
{
    if (session->streams_end_us)
        azm_lost_open(session, AZM_CUT_STREAM, 0);
    session->streams++;
}

void azm_session_stream_closed(struct azm_session *session, int64_t now_us)
{
    if (session->streams && --session->streams == 0)
        session->streams_end_us = now_us;
}

void azm_session_worker_exit(struct azm_session *session, const struct azm_worker_end *end, int64_t now_us)
{
    if (session->active && !session->placeholder && !session->terminating &&
        azm_death_of(&session->death, end, azm_clock_wall_us())) {
        azm_session_prepare(session, now_us); /* it may have died before its greeting */
        session->saw_answer = true;           /* as far as an agent is concerned */
    }
    azm_lost_open(session, azm_worker_end_was_asked(end) ? AZM_CUT_STOPPED : AZM_CUT_EXIT, now_us);
}

void azm_session_note(struct azm_session *session, azm_slice line)
{
    if (session->notes.len)
        azm_buf_add_byte(&session->notes, '\n');
    azm_buf_add(&session->notes, line);
}

static void forget(void *self, struct azm_invocation *invocation)
{
    struct azm_session *session = self;
    if (!azm_invocation_is_open(invocation))
        return;
    session->blind++;
    azm_invocations_close(&session->invocations, invocation);
}

void azm_session_blind(struct azm_session *session, enum azm_side of, const char *why, int64_t now_us)
{
    session->blind++;
    azm_health_blind(&session->health, of, why, azm_clock_wall_us());
    azm_session_prepare(session, now_us); /* also when nothing was ever understood: somebody has to hear of it */
    azm_session_note(session, azm_slice_str(why));
    azm_invocations_each(&session->invocations, forget, session);
}

void azm_session_malformed(struct azm_session *session, bool from_worker)
{
    session->malformed++;
    session->malformed_answers |= from_worker;
    azm_health_malformed(&session->health, from_worker ? AZM_FROM_WORKER : AZM_FROM_HOST);
    azm_session_prepare(session,
                        azm_clock_mono_us()); /* somebody has to hear of it, also when nothing else is understood */
}

void azm_session_tick(struct azm_session *session, int64_t now_us)
{
    azm_lost_tick(session, now_us);
    azm_session_catch_up(session, now_us);
    azm_proxied_sweep(session, now_us);
    azm_handler_sweep(session, now_us);
    look_for_shared(session);
    azm_health_clock(&session->health, now_us, azm_clock_wall_us());
    azm_logs_tick(session);
    azm_session_tell_news(session, now_us);
    azm_session_start_agent(session, now_us);
}

void azm_session_close(struct azm_session *session, int64_t now_us, unsigned wait_ms)
{
    if (!session)
        return;
    azm_lost_open(session, AZM_CUT_STREAM, now_us);
    if (!azm_errands_close(session->errands, wait_ms))
        return;
    azm_session_catch_up(session, now_us + AZM_PREPARE_WAIT_US);
    azm_request_report_death(session);
    azm_logs_tick(session);
    azm_session_tell_news(session, now_us);
    if (session->saw_answer && session->channel.state == AZM_CHANNEL_OPEN &&
        azm_channel_wants_agent(&session->channel, now_us))
        azm_channel_start_agent(&session->channel);
    azm_channel_dispose(&session->channel);
    azm_files_close(session->files);
    azm_invocations_dispose(&session->invocations);
    azm_functions_dispose(&session->functions);
    azm_shared_functions_dispose(&session->shared);
    azm_environment_dispose(&session->environment);
    azm_arena_dispose(&session->facts);
    azm_buf_dispose(&session->notes);
    azm_death_dispose(&session->death);
    azm_early_dispose(&session->early);
    free(session);
}
