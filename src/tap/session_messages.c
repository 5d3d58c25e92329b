#include "tap/session.h"

#include <stdio.h>

#include "tap/logs.h"
#include "tap/request.h"
#include "tap/session_parts.h"

/* --- what the start-up messages tell --- */

static void learn(struct azm_session *session, azm_slice *known, azm_slice told)
{
    if (told.ptr && !azm_slice_eq(*known, told))
        *known = azm_arena_copy(&session->facts, told);
}

void azm_session_app_directory(struct azm_session *session, azm_slice directory)
{
    if (!directory.len || azm_slice_eq(session->app_directory, directory))
        return;
    learn(session, &session->app_directory, directory);
    if (session->files)
        azm_files_app(session->files, session->app_directory);
    azm_session_renew(session); /* what was known lay in the memory of the files */
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

void azm_session_describe(void *self, azm_slice id, azm_slice name, azm_slice binding_json)
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

static void on_variable(void *self, azm_slice name, azm_slice value)
{
    struct azm_session *session = self;
    if (!session->reloading) {
        azm_session_end_app(session);
        azm_environment_reload(&session->environment);
        session->reloading = true;
    }
    azm_environment_set(&session->environment, name, value);
}

/* Specialization: from here on this is another app. */
static void reload(struct azm_session *session, const struct azm_rpc_message *message)
{
    if (!session->reloading) { /* a message without any variable */
        azm_session_end_app(session);
        azm_environment_reload(&session->environment);
    }
    session->reloading = false;
    azm_functions_clear(&session->functions);
    session->asked = NULL;
    session->indexed = session->bare = false;
    session->shared_asked = 0;
    azm_refusals_clear(session);
    azm_session_configure(session);
    session->armed = session->active && session->forward.open;
    if (message->fields[AZM_RPC_APP_DIRECTORY].len) /* to be read, also where it is the one it was */
        session->app_directory = (azm_slice){NULL, 0};
    azm_session_app_directory(session, message->fields[AZM_RPC_APP_DIRECTORY]);
}

/* --- messages --- */

static void from_host(void *self, const struct azm_rpc_message *message, int64_t now_us)
{
    struct azm_session *session = self;
    switch (message->kind) {
    case AZM_RPC_INVOCATION_REQUEST: azm_session_begin(session, message, now_us); break;
    case AZM_RPC_INVOCATION_CANCEL: azm_session_cancel(session, message, now_us); break;
    case AZM_RPC_TERMINATE:
        session->terminating = true;
        session->terminate_us = now_us;
        break;
    case AZM_RPC_INIT_REQUEST:
        azm_session_app_directory(session, message->fields[AZM_RPC_APP_DIRECTORY]);
        azm_session_prepare(session, now_us); /* a worker that refuses may say so with its last word */
        break;
    case AZM_RPC_RELOAD_REQUEST:
        reload(session, message);
        azm_session_prepare(session, now_us);
        break;
    case AZM_RPC_LOAD_REQUEST: azm_session_read_more(session, now_us); break;
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

/* The host may kill the worker, and us, as soon as it has read that: it is told at once. */
static void tell_refusal(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us)
{
    struct azm_rpc_refusal refusal;
    if (!azm_rpc_refusal_of(message, &refusal) || !azm_refusals_take(session, &refusal))
        return;
    azm_session_tell_news(session, now_us);
    azm_session_start_agent(session, now_us);
}

static void on_refusal(void *self, const struct azm_rpc_refusal *refusal)
{
    (void)azm_refusals_take(self, refusal);
}

static void from_worker(void *self, const struct azm_rpc_message *message, int64_t now_us)
{
    struct azm_session *session = self;
    switch (message->kind) {
    case AZM_RPC_INVOCATION_RESPONSE: azm_session_end(session, message, now_us); break;
    case AZM_RPC_INIT_RESPONSE:
    case AZM_RPC_RELOAD_RESPONSE:
        session->armed = false;
        session->says_goodbye |= message->says_goodbye;
        learn_worker(session, message);
        azm_session_read_more(session, now_us);
        azm_session_prepare(session, now_us);
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
