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
#include "tap/session_state.h"
#include "tap/timeout.h"
#include "trace/settings_show.h"

#define SHARED_ATTEMPTS 8u      /* to find what another worker has indexed */
#define PREPARE_WAIT_US 5000000 /* for the app's files; then events go out with what is known */

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

/* Reads the settings anew: at the start, and when a reload message brought the app's own environment. */
static void configure(struct azm_session *session)
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

struct azm_session *azm_session_open(const struct azm_env *env, const char *program)
{
    struct azm_session *session = calloc(1, sizeof *session);
    if (!session)
        return NULL;
    uint64_t seed[4] = {0};
    azm_environment_init(&session->environment, env);
    azm_buf_init(&session->notes, 16 * 1024);
    configure(session);
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

/* What was asked for since the errands were posted; invocations wait for it as they do at first. */
static void read_more(struct azm_session *session, int64_t now_us)
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

/* The ring's file and the app's own files, once the worker is greeted. */
static void prepare(struct azm_session *session, int64_t now_us)
{
    if (!session->active || session->placeholder || session->prepared_us)
        return;
    session->prepared_us = now_us;
    if (!session->errands || !azm_errands_post(session->errands, prepare_channel, session))
        session->channel.state = AZM_CHANNEL_FAILED;
    read_files(session);
}

/* --- what the start-up messages tell --- */

static void learn(struct azm_session *session, azm_slice *known, azm_slice told)
{
    if (told.ptr && !azm_slice_eq(*known, told))
        *known = azm_arena_copy(&session->facts, told);
}

static void learn_app_directory(struct azm_session *session, azm_slice directory)
{
    if (!directory.len || azm_slice_eq(session->app_directory, directory))
        return;
    learn(session, &session->app_directory, directory);
    if (session->files)
        azm_files_app(session->files, session->app_directory);
    derive(session); /* what was known lay in the memory of the files */
}

static void learn_worker(struct azm_session *session, const struct azm_rpc_message *message)
{
    azm_slice runtime_version = session->runtime_version;
    learn(session, &session->runtime_name, message->fields[AZM_RPC_RUNTIME_NAME]);
    learn(session, &session->runtime_version, message->fields[AZM_RPC_RUNTIME_VERSION]);
    learn(session, &session->worker_version, message->fields[AZM_RPC_WORKER_VERSION]);
    if (!azm_slice_eq(runtime_version, session->runtime_version))
        session->source_written = false;
}

static void on_function(void *self, const struct azm_rpc_function *told)
{
    struct azm_session *session = self;
    /* A worker that lets the host choose ids sends none with its metadata; the load request will. */
    azm_slice id = told->id.len ? told->id : told->name;
    struct azm_function *function =
        azm_functions_add(&session->functions, id, told->name, told->directory, told->trigger_type);
    if (!function)
        return;
    if (told->raw_trigger.ptr) {
        azm_functions_describe(&session->functions, function, told->raw_trigger, &session->environment.env);
        session->indexed = true;
        if (session->active && !session->placeholder)
            azm_shared_functions_add(&session->shared, told->name, told->raw_trigger);
        return;
    }
    azm_functions_inherit(&session->functions, function);
    if (function->described || !session->files)
        return;
    if (function->directory.len)
        azm_files_ask(session->files, function->id, function->directory);
    if (!session->indexed && !session->shared_asked++)
        azm_files_ask_shared(session->files);
}

static void describe(void *self, azm_slice id, azm_slice name, azm_slice binding_json)
{
    struct azm_session *session = self;
    struct azm_function *function =
        id.len ? azm_functions_find(&session->functions, id) : azm_functions_find_bare(&session->functions, name);
    if (session->handler) { /* all bindings of all functions, one after the other */
        function = azm_functions_add(&session->functions, id, name, AZM_S(""), AZM_S(""));
        if (function)
            azm_functions_bind(&session->functions, function, binding_json, &session->environment.env);
        return;
    }
    if (function && !function->described)
        azm_functions_describe(&session->functions, function, binding_json, &session->environment.env);
    while (!id.len && function && function->described) { /* loaded under several ids */
        function = azm_functions_find_bare(&session->functions, name);
        if (function)
            azm_functions_inherit(&session->functions, function);
    }
}

static const struct azm_trigger *trigger_of(void *self, azm_slice function_id)
{
    struct azm_session *session = self;
    if (!session->active || session->placeholder)
        return NULL;
    session->asked = azm_functions_find(&session->functions, function_id);
    return session->asked ? session->asked->trigger : NULL;
}

static bool trace_of(void *self, const struct azm_rpc_message *request, struct azm_trace_decision *out)
{
    struct azm_session *session = self;
    return session->rewrites && azm_request_trace(session, request, out);
}

static void end_app(struct azm_session *session);

static void on_variable(void *self, azm_slice name, azm_slice value)
{
    struct azm_session *session = self;
    if (!session->reloading) {
        end_app(session);
        azm_environment_reload(&session->environment);
        session->reloading = true;
    }
    azm_environment_set(&session->environment, name, value);
}

/* Specialization: from here on this is another app. */
static void reload(struct azm_session *session, const struct azm_rpc_message *message)
{
    if (!session->reloading) { /* a message without any variable */
        end_app(session);
        azm_environment_reload(&session->environment);
    }
    session->reloading = false;
    azm_functions_clear(&session->functions);
    session->asked = NULL;
    session->indexed = session->bare = false;
    session->shared_asked = 0;
    azm_refusals_clear(session);
    configure(session);
    session->armed = session->active && session->forward.open;
    if (message->fields[AZM_RPC_APP_DIRECTORY].len) /* to be read, also where it is the one it was */
        session->app_directory = (azm_slice){NULL, 0};
    learn_app_directory(session, message->fields[AZM_RPC_APP_DIRECTORY]);
}

/* --- invocations --- */

/* Not before its function is known and the ring is there: neither takes long, and both are out of the relay's way. */
static bool may_go_out(struct azm_session *session, const struct azm_invocation *invocation, int64_t now_us)
{
    if (session->channel.state == AZM_CHANNEL_CLOSED)
        return false;
    const struct azm_function *function = azm_session_function(session, invocation);
    if ((function && function->described) || !session->files)
        return true;
    if (azm_files_waiting(session->files) && now_us - session->prepared_us <= PREPARE_WAIT_US)
        return false;
    if (function) { /* its file may have been read since anybody looked */
        azm_files_take(session->files, describe, session);
        session->bare |= !function->described && !session->indexed;
    }
    return true;
}

void azm_session_renew(struct azm_session *session)
{
    if (session->files && azm_files_version(session->files) != session->files_version)
        derive(session);
}

static void send(struct azm_session *session, struct azm_invocation *invocation)
{
    azm_session_renew(session);
    if (session->channel.state == AZM_CHANNEL_OPEN)
        azm_request_report(session, invocation);
    azm_invocations_close(&session->invocations, invocation);
}

void azm_session_look(struct azm_session *session)
{
    if (!session->files)
        return;
    azm_files_take(session->files, describe, session);
    azm_session_renew(session);
}

/* What was read meanwhile, and the invocations that waited for it, in the order of their answers. */
static void catch_up(struct azm_session *session, int64_t now_us)
{
    if (session->files)
        azm_files_take(session->files, describe, session);
    while (session->waiting_first && may_go_out(session, session->waiting_first, now_us)) {
        struct azm_invocation *invocation = session->waiting_first;
        session->waiting_first = invocation->next_waiting;
        send(session, invocation);
    }
}

static void wait_in_line(struct azm_session *session, struct azm_invocation *invocation)
{
    invocation->answered = true;
    if (session->waiting_first)
        session->waiting_last->next_waiting = invocation;
    else
        session->waiting_first = invocation;
    session->waiting_last = invocation;
}

static void begin_invocation(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us)
{
    bool replaced;
    if (!session->active || session->placeholder)
        return;
    prepare(session, now_us); /* a worker that skipped its greeting */
    azm_slice id = message->fields[AZM_RPC_INVOCATION_ID];
    struct azm_invocation *invocation = azm_invocations_find(&session->invocations, id);
    if (invocation && invocation->early) {
        invocation->early = false;
        session->early_count--;
    } else if ((invocation = azm_invocations_open(&session->invocations, id, &replaced)) != NULL) {
        invocation->start_us = now_us;
        invocation->wall_us = azm_clock_wall_us();
    } else {
        session->overflow++;
        return;
    }
    azm_request_begin(session, invocation, message);
}

struct azm_invocation *azm_session_expect(struct azm_session *session, azm_slice id, int64_t now_us)
{
    bool replaced;
    if (!session->active || session->placeholder || session->early_count >= AZM_PROXIED_EARLY_MAX)
        return NULL;
    struct azm_invocation *invocation = azm_invocations_open(&session->invocations, id, &replaced);
    if (!invocation)
        return NULL;
    session->early_count++;
    invocation->early = true;
    invocation->start_us = now_us;
    invocation->wall_us = azm_clock_wall_us();
    return invocation;
}

void azm_session_finish(struct azm_session *session, struct azm_invocation *invocation, int64_t now_us)
{
    invocation->duration_us = now_us > invocation->start_us ? (uint64_t)(now_us - invocation->start_us) : 0;
    session->saw_answer = true;
    if (session->waiting_first)
        catch_up(session, now_us);
    if (!session->waiting_first && may_go_out(session, invocation, now_us))
        send(session, invocation);
    else
        wait_in_line(session, invocation);
}

static void end_invocation(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us)
{
    struct azm_invocation *invocation =
        azm_invocations_find(&session->invocations, message->fields[AZM_RPC_INVOCATION_ID]);
    if (!invocation || invocation->answered || invocation->early || invocation->replied)
        return;
    azm_request_end(session, invocation, message);
    /* A function that failed may never answer over HTTP (node's streams), and its outcome is known. */
    if (invocation->leg == AZM_LEG_OPEN && invocation->status == AZM_RPC_SUCCESS)
        invocation->replied = true;
    else
        azm_session_finish(session, invocation, now_us);
}

static void cancel_invocation(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us)
{
    struct azm_invocation *invocation =
        azm_invocations_find(&session->invocations, message->fields[AZM_RPC_INVOCATION_ID]);
    if (invocation && azm_invocation_is_open(invocation) && !invocation->cancel_us)
        invocation->cancel_us = now_us;
}

/* Another app's settings are about to come. A host asks for that when nothing runs; what is open all the same belongs
 * to the app before, and cannot be told under the next one's name. */
static void outdate(void *self, struct azm_invocation *invocation)
{
    struct azm_session *session = self;
    if (invocation->answered || invocation->early)
        return;
    if (invocation->replied) {
        azm_session_finish(session, invocation, azm_clock_mono_us());
        return;
    }
    session->blind++;
    azm_invocations_close(&session->invocations, invocation);
}

static void end_app(struct azm_session *session)
{
    azm_invocations_each(&session->invocations, outdate, session);
    while (session->waiting_first) {
        struct azm_invocation *invocation = session->waiting_first;
        session->waiting_first = invocation->next_waiting;
        session->blind += session->channel.state != AZM_CHANNEL_OPEN;
        send(session, invocation);
    }
}

/* --- messages --- */

static void from_host(void *self, const struct azm_rpc_message *message, int64_t now_us)
{
    struct azm_session *session = self;
    switch (message->kind) {
    case AZM_RPC_INVOCATION_REQUEST: begin_invocation(session, message, now_us); break;
    case AZM_RPC_INVOCATION_CANCEL: cancel_invocation(session, message, now_us); break;
    case AZM_RPC_TERMINATE:
        session->terminating = true;
        session->terminate_us = now_us;
        break;
    case AZM_RPC_INIT_REQUEST:
        learn_app_directory(session, message->fields[AZM_RPC_APP_DIRECTORY]);
        prepare(session, now_us); /* a worker that refuses may say so with its last word */
        break;
    case AZM_RPC_RELOAD_REQUEST:
        reload(session, message);
        prepare(session, now_us);
        break;
    case AZM_RPC_LOAD_REQUEST: read_more(session, now_us); break;
    case AZM_RPC_OTHER:
    case AZM_RPC_LOG:
    case AZM_RPC_START_STREAM:
    case AZM_RPC_INIT_RESPONSE:
    case AZM_RPC_INVOCATION_RESPONSE:
    case AZM_RPC_LOAD_RESPONSE:
    case AZM_RPC_METADATA_RESPONSE:
    case AZM_RPC_RELOAD_RESPONSE: break;
    }
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

static void start_agent_if_due(struct azm_session *session, int64_t now_us)
{
    if (session->saw_answer && session->channel.state == AZM_CHANNEL_OPEN &&
        azm_channel_wants_agent(&session->channel, now_us) && session->errands) {
        azm_errands_post(session->errands, start_agent, session);
        session->health.told = false; /* the one before may have taken what was told with it */
    }
}

/* Into the ring, what is to be told beside invocations. */
static void tell_news(struct azm_session *session, int64_t now_us)
{
    if (session->channel.state != AZM_CHANNEL_OPEN)
        return;
    azm_early_put(session);
    azm_request_report_losses(session);
    report_health(session, now_us);
}

/* The host may kill the worker, and us, as soon as it has read that: it is told at once. */
static void tell_refusal(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us)
{
    struct azm_rpc_refusal refusal;
    if (!azm_rpc_refusal_of(message, &refusal) || !azm_refusals_take(session, &refusal))
        return;
    tell_news(session, now_us);
    start_agent_if_due(session, now_us);
}

static void on_refusal(void *self, const struct azm_rpc_refusal *refusal)
{
    (void)azm_refusals_take(self, refusal);
}

static void from_worker(void *self, const struct azm_rpc_message *message, int64_t now_us)
{
    struct azm_session *session = self;
    switch (message->kind) {
    case AZM_RPC_INVOCATION_RESPONSE: end_invocation(session, message, now_us); break;
    case AZM_RPC_INIT_RESPONSE:
    case AZM_RPC_RELOAD_RESPONSE:
        session->armed = false;
        session->says_goodbye |= message->says_goodbye;
        learn_worker(session, message);
        read_more(session, now_us);
        prepare(session, now_us);
        tell_refusal(session, message, now_us);
        break;
    case AZM_RPC_LOAD_RESPONSE: tell_refusal(session, message, now_us); break;
    case AZM_RPC_LOG: azm_logs_take(session, message, now_us); break;
    case AZM_RPC_METADATA_RESPONSE:
        azm_shared_functions_post(&session->shared, session->errands, &session->channel);
        tell_refusal(session, message, now_us);
        break;
    case AZM_RPC_OTHER:
    case AZM_RPC_START_STREAM:
    case AZM_RPC_INIT_REQUEST:
    case AZM_RPC_INVOCATION_REQUEST:
    case AZM_RPC_INVOCATION_CANCEL:
    case AZM_RPC_LOAD_REQUEST:
    case AZM_RPC_RELOAD_REQUEST:
    case AZM_RPC_TERMINATE: break;
    }
}

static bool wants_logs(void *self)
{
    const struct azm_session *session = self;
    return session->logs.wanted && session->active && !session->placeholder;
}

static bool wants_bodies(void *self)
{
    const struct azm_session *session = self;
    return session->settings.capture_body != AZM_BODY_OFF && session->active && !session->placeholder;
}

static void on_http_uri(void *self, azm_slice piece)
{
    struct azm_session *session = self;
    if (session->patch)
        azm_patch_add(session->patch, piece);
}

/* The worker serves HTTP itself: the host is told a port of ours, and what comes there is handed on to the worker. */
static void on_http_uri_end(void *self)
{
    struct azm_session *session = self;
    char text[AZM_PATCH_MAX], digits[8];
    struct azm_http_uri uri;
    azm_slice value = session->patch ? azm_patch_end(session->patch, text) : (azm_slice){NULL, 0};
    if (azm_http_uri_read(value, &uri) != AZM_OK || !session->forward.open)
        return;
    uint16_t port = session->forward.open(session->forward.self, &uri);
    int len = snprintf(digits, sizeof digits, "%u", port);
    session->health.report.http_proxied = port != 0;
    if (port && len == (int)uri.port_digits)
        azm_patch_write(session->patch, uri.port_at, (azm_slice){digits, (size_t)len});
}

const struct azm_rpc_listener azm_session_from_host = {.on_message = from_host,
                                                       .on_function = on_function,
                                                       .on_variable = on_variable,
                                                       .trigger_of = trigger_of,
                                                       .trace_of = trace_of,
                                                       .on_http_uri = on_http_uri,
                                                       .on_http_uri_end = on_http_uri_end,
                                                       .wants_bodies = wants_bodies};
const struct azm_rpc_listener azm_session_from_worker = {.on_message = from_worker,
                                                         .on_function = on_function,
                                                         .on_variable = on_variable,
                                                         .trigger_of = trigger_of,
                                                         .trace_of = trace_of,
                                                         .on_http_uri = on_http_uri,
                                                         .on_http_uri_end = on_http_uri_end,
                                                         .wants_logs = wants_logs,
                                                         .on_refusal = on_refusal};

void azm_session_forward(struct azm_session *session, const struct azm_forward *forward)
{
    session->forward = *forward;
    session->armed = session->active && forward->open;
}

void azm_session_handler(struct azm_session *session)
{
    session->handler = true;
    session->health.report.mode = AZM_S("http");
    learn_app_directory(session, azm_env_get(&session->environment.env, "FUNCTIONS_APP_ROOT_PATH"));
    if (session->files && session->app_directory.len)
        azm_files_ask_all(session->files);
    prepare(session, azm_clock_mono_us());
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
        prepare(session, now_us);   /* it may have died before its greeting */
        session->saw_answer = true; /* as far as an agent is concerned */
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
    prepare(session, now_us); /* also when nothing was ever understood: somebody has to hear of it */
    azm_session_note(session, azm_slice_str(why));
    azm_invocations_each(&session->invocations, forget, session);
}

void azm_session_malformed(struct azm_session *session, bool from_worker)
{
    session->malformed++;
    session->malformed_answers |= from_worker;
    azm_health_malformed(&session->health, from_worker ? AZM_FROM_WORKER : AZM_FROM_HOST);
    prepare(session, azm_clock_mono_us()); /* somebody has to hear of it, also when nothing else is understood */
}

void azm_session_tick(struct azm_session *session, int64_t now_us)
{
    azm_lost_tick(session, now_us);
    catch_up(session, now_us);
    azm_proxied_sweep(session, now_us);
    azm_handler_sweep(session, now_us);
    look_for_shared(session);
    azm_health_clock(&session->health, now_us, azm_clock_wall_us());
    azm_logs_tick(session);
    tell_news(session, now_us);
    start_agent_if_due(session, now_us);
}

void azm_session_close(struct azm_session *session, int64_t now_us, unsigned wait_ms)
{
    if (!session)
        return;
    azm_lost_open(session, AZM_CUT_STREAM, now_us);
    if (!azm_errands_close(session->errands, wait_ms))
        return;
    catch_up(session, now_us + PREPARE_WAIT_US);
    azm_request_report_death(session);
    azm_logs_tick(session);
    tell_news(session, now_us);
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
