#include "tap/request.h"

#include <stdio.h>
#include <stdlib.h>

#include "json/read.h"
#include "os/file.h"
#include "os/run_dir.h"
#include "os/self.h"
#include "tap/body.h"
#include "tap/keep_field.h"
#include "tap/session.h"
#include "tap/trigger_keep.h"
#include "trace/coldstart.h"
#include "trace/decision.h"
#include "trace/functions_metadata.h"
#include "trace/ignore.h"
#include "trace/names.h"
#include "trace/settings_show.h"

#define HEADERS_MAX AZM_RPC_HEADERS

/* --- which trace --- */

/* Under HTTP proxying the request's headers are only in trigger_metadata["Headers"], a JSON object. */
static size_t headers_of_metadata(azm_slice json, json_t **parsed, struct azm_pair *out, size_t max)
{
    const char *key;
    json_t *value;
    size_t count = 0;
    *parsed = NULL;
    if (!json.len || azm_json_parse(json, "headers", parsed, NULL) != AZM_OK)
        return 0;
    json_object_foreach(*parsed, key, value)
    {
        if (count < max && json_is_string(value))
            out[count++] = (struct azm_pair){azm_slice_str(key), {json_string_value(value), json_string_length(value)}};
    }
    return count;
}

/* One message that carries a trace is what a caller's header fields are to a request. */
static struct azm_pairs headers_of_message(const struct azm_trigger_facts *facts, char traceparent[AZM_TRACEPARENT_LEN],
                                           struct azm_pair out[HEADERS_MAX])
{
    struct azm_pairs headers = {out, 0};
    if (facts->batch || !facts->has_context)
        return headers;
    azm_traceparent_format(&facts->context, traceparent);
    out[headers.count++] = (struct azm_pair){AZM_S("traceparent"), {traceparent, AZM_TRACEPARENT_LEN}};
    if (facts->tracestate.len)
        out[headers.count++] = (struct azm_pair){AZM_S("tracestate"), facts->tracestate};
    return headers;
}

static void decide(struct azm_session *session, azm_slice host_traceparent, struct azm_pairs headers,
                   const struct azm_trace_decision *told, struct azm_trace_decision *out)
{
    struct azm_trace_inputs inputs = {
        .caller_headers = headers,
        .host_traceparent = host_traceparent,
        .mode = session->settings.trace_context,
        .host_exports = session->host_exports,
        .sample_rate = session->settings.transaction_sample_rate,
        .continuation = session->settings.trace_continuation,
        .told = told,
    };
    azm_trace_decide(&inputs, &session->random, out);
}

static void set_trace(struct azm_invocation *invocation, const struct azm_trace_decision *decision)
{
    invocation->trace_id = decision->trace_id;
    invocation->span_id = decision->span_id;
    invocation->parent_id = decision->parent_id;
    invocation->sampled = decision->sampled;
    invocation->sample_rate = decision->sample_rate;
    invocation->link = decision->link;
}

static struct azm_trace_decision trace_of(const struct azm_invocation *invocation)
{
    return (struct azm_trace_decision){.trace_id = invocation->trace_id,
                                       .span_id = invocation->span_id,
                                       .parent_id = invocation->parent_id,
                                       .link = invocation->link,
                                       .sampled = invocation->sampled,
                                       .sample_rate = invocation->sample_rate};
}

/* --- the request --- */

static bool wants_headers(const struct azm_session *session, const struct azm_invocation *invocation)
{
    return session->settings.capture_headers && invocation->sampled;
}

static void keep_headers(struct azm_session *session, struct azm_invocation *invocation, struct azm_kept_headers *kept,
                         struct azm_pairs headers)
{
    if (wants_headers(session, invocation))
        azm_keep_fields(&session->header_names, invocation, kept, headers);
}

/* Takes back the headers that the HTTP leg gave, before it was known whether they are wanted. */
static void drop_early_headers(struct azm_invocation *invocation)
{
    struct azm_kept_headers *kept = &invocation->request_headers;
    if (kept->count && kept->at + kept->size == invocation->text_used)
        invocation->text_used = kept->at;
    *kept = (struct azm_kept_headers){0, 0, 0};
}

/* The caller's own headers: of the gRPC leg, or of trigger_metadata, or, where both have none, of the HTTP leg. */
static struct azm_pairs headers_of(const struct azm_invocation *invocation, const struct azm_rpc_message *request,
                                   struct azm_pair out[HEADERS_MAX], json_t **parsed)
{
    azm_slice metadata = request->fields[AZM_RPC_METADATA_HEADERS];
    struct azm_pairs headers = {out, 0};
    if (request->headers.count)
        return request->headers;
    if (metadata.ptr)
        headers.count = headers_of_metadata(metadata, parsed, out, HEADERS_MAX);
    if (!headers.count && invocation)
        headers.count = azm_invocation_headers(invocation, &invocation->request_headers, out, HEADERS_MAX);
    return headers;
}

static void begin_http(struct azm_session *session, struct azm_invocation *invocation,
                       const struct azm_rpc_message *request, struct azm_pairs headers)
{
    bool early = invocation->request_headers.count && headers.items && headers.count &&
                 headers.items[0].key.ptr >= invocation->text &&
                 headers.items[0].key.ptr < invocation->text + AZM_INVOCATION_TEXT;
    invocation->proxied = !request->fields[AZM_RPC_HTTP_METHOD].len;
    invocation->ignored |= azm_ignore_http(&session->settings, request->fields[AZM_RPC_HTTP_URL], headers);
    if (!invocation->proxied) {
        invocation->method = azm_invocation_keep(invocation, request->fields[AZM_RPC_HTTP_METHOD]);
        invocation->url = azm_keep_url(invocation, request->fields[AZM_RPC_HTTP_URL]);
    }
    if (early && invocation->sampled && session->settings.capture_headers)
        return; /* they are kept already */
    drop_early_headers(invocation);
    if (!early)
        keep_headers(session, invocation, &invocation->request_headers, headers);
}

void azm_request_http(struct azm_session *session, struct azm_invocation *invocation, azm_slice method, azm_slice url,
                      struct azm_pairs headers)
{
    invocation->method = azm_invocation_keep(invocation, method);
    invocation->url = azm_keep_url(invocation, url);
    invocation->ignored |= azm_ignore_http(&session->settings, url, headers);
    if (!invocation->request_headers.count && (invocation->early || wants_headers(session, invocation)))
        azm_keep_fields(&session->header_names, invocation, &invocation->request_headers, headers);
}

void azm_request_http_answer(struct azm_session *session, struct azm_invocation *invocation, struct azm_pairs headers)
{
    if (!invocation->early)
        keep_headers(session, invocation, &invocation->response_headers, headers);
}

static bool is_for_http(const struct azm_function *function)
{
    return !function || !function->trigger || azm_trigger_is_http(function->trigger);
}

/* Those of the caller, or of the message, that the trace is taken from. */
static struct azm_pairs context_of(const struct azm_function *function, const struct azm_invocation *invocation,
                                   const struct azm_rpc_message *request, char traceparent[AZM_TRACEPARENT_LEN],
                                   struct azm_pair out[HEADERS_MAX], json_t **parsed)
{
    if (is_for_http(function))
        return headers_of(invocation, request, out, parsed);
    if (request->trigger)
        return headers_of_message(request->trigger, traceparent, out);
    return (struct azm_pairs){out, 0};
}

static bool is_unwanted(const struct azm_session *session, const struct azm_function *function,
                        const struct azm_rpc_message *request, struct azm_pairs headers)
{
    if (is_for_http(function))
        return azm_ignore_http(&session->settings, request->fields[AZM_RPC_HTTP_URL], headers);
    return azm_ignore_message(&session->settings, function->queue) ||
           (request->trigger && azm_ignore_message(&session->settings, request->trigger->queue));
}

static struct azm_function *function_of(const struct azm_session *session, azm_slice id)
{
    bool asked = session->asked && azm_slice_eq(session->asked->id, id);
    return asked ? session->asked : azm_functions_find(&session->functions, id);
}

bool azm_request_trace(struct azm_session *session, const struct azm_rpc_message *request,
                       struct azm_trace_decision *out)
{
    struct azm_pair storage[HEADERS_MAX];
    struct azm_trace_decision told;
    char traceparent[AZM_TRACEPARENT_LEN];
    json_t *parsed = NULL;
    azm_slice id = request->fields[AZM_RPC_INVOCATION_ID];
    const struct azm_invocation *early = azm_invocations_find(&session->invocations, id);
    if (id.len == 0 || id.len > AZM_INVOCATION_ID_MAX || (!early && azm_invocations_full(&session->invocations)))
        return false;
    if (early && !early->early)
        early = NULL;
    if (early && early->told)
        told = trace_of(early);
    const struct azm_function *function = function_of(session, request->fields[AZM_RPC_FUNCTION_ID]);
    struct azm_pairs headers = context_of(function, early, request, traceparent, storage, &parsed);
    if (is_unwanted(session, function, request, headers) || (early && early->ignored))
        *out = (struct azm_trace_decision){.sampled = false};
    else
        decide(session, request->fields[AZM_RPC_TRACE_PARENT], headers, early && early->told ? &told : NULL, out);
    json_decref(parsed);
    return true;
}

void azm_request_trace_http(struct azm_session *session, struct azm_invocation *invocation, azm_slice host_traceparent,
                            struct azm_pairs headers, struct azm_trace_decision *out)
{
    if (invocation->ignored) {
        *out = (struct azm_trace_decision){.sampled = false};
        return;
    }
    if (invocation->early && !invocation->told) {
        decide(session, host_traceparent, headers, NULL, out);
        set_trace(invocation, out);
    }
    invocation->told = true;
    *out = trace_of(invocation);
}

static azm_slice value_of(struct azm_pairs headers, azm_slice key)
{
    for (size_t i = 0; i < headers.count; i++)
        if (azm_slice_eq_nocase(headers.items[i].key, key))
            return headers.items[i].value;
    return (azm_slice){NULL, 0};
}

void azm_request_begin(struct azm_session *session, struct azm_invocation *invocation,
                       const struct azm_rpc_message *request)
{
    struct azm_pair storage[HEADERS_MAX];
    struct azm_trace_decision trace, told = request->told ? request->trace : trace_of(invocation);
    char traceparent[AZM_TRACEPARENT_LEN];
    json_t *parsed = NULL;
    invocation->function_id = azm_invocation_keep(invocation, request->fields[AZM_RPC_FUNCTION_ID]);
    invocation->function = function_of(session, invocation->function_id);
    invocation->function_generation = session->functions.generation;
    struct azm_pairs headers = context_of(invocation->function, invocation, request, traceparent, storage, &parsed);
    decide(session, request->fields[AZM_RPC_TRACE_PARENT], headers, request->told || invocation->told ? &told : NULL,
           &trace);
    set_trace(invocation, &trace);
    invocation->coldstart = !session->cold_decided; /* of this process; of the app: azm_request_report */
    session->cold_decided = true;
    invocation->has_retry = request->has_retry;
    invocation->retry_count = request->retry_count;
    invocation->max_retry_count = request->max_retry_count;
    invocation->has_http = request->has_http && is_for_http(invocation->function);
    invocation->clipped = request->clipped;
    if (invocation->has_http)
        begin_http(session, invocation, request, headers);
    if (request->trigger)
        invocation->ignored |= azm_ignore_message(&session->settings, request->trigger->queue);
    if (request->trigger)
        azm_trigger_keep(session, invocation, request->trigger);
    if (AZM_UNLIKELY(request->fields[AZM_RPC_BODY].ptr) && invocation->sampled)
        azm_body_keep(&session->header_names, invocation, value_of(headers, AZM_S("content-type")),
                      request->fields[AZM_RPC_BODY]);
    json_decref(parsed);
}

/* --- the answer --- */

/* What the host makes of a return value that is JSON: an object may say status or statusCode, else it is a 200. */
static unsigned status_of_json(azm_slice json)
{
    json_t *value = NULL;
    uint64_t code = 0;
    if (!json.len || json.ptr[0] != '{' || azm_json_parse(json, "return value", &value, NULL) != AZM_OK)
        return 200;
    static const char *const names[] = {"statusCode", "status"};
    for (size_t i = 0; i < AZM_COUNT(names) && !code; i++) {
        const json_t *member = azm_json_get(value, names[i]);
        if (json_is_integer(member))
            code = (uint64_t)json_integer_value(member);
        else if (json_is_string(member) && azm_slice_to_u64(azm_slice_str(json_string_value(member)), &code) != AZM_OK)
            code = 0;
    }
    json_decref(value);
    return code >= 100 && code <= 999 ? (unsigned)code : 200;
}

/* The status the caller gets from the host; 0 where the wire does not tell. */
static unsigned status_code(const struct azm_invocation *invocation, const struct azm_rpc_message *response)
{
    uint64_t code;
    if (response->status != AZM_RPC_SUCCESS)
        return 500;
    if (invocation->proxied) /* its status is on the HTTP leg: azm_request_report */
        return 0;
    if (azm_slice_to_u64(response->fields[AZM_RPC_STATUS_CODE], &code) == AZM_OK && code >= 100 && code <= 999)
        return (unsigned)code;
    if (response->has_http || response->clipped)
        return response->has_http ? 200 : 0;
    return status_of_json(response->fields[AZM_RPC_RETURN_JSON]);
}

void azm_request_end(struct azm_session *session, struct azm_invocation *invocation,
                     const struct azm_rpc_message *response)
{
    invocation->status = response->status;
    if (response->status != AZM_RPC_SUCCESS)
        azm_invocation_keep_exception(invocation, response);
    if (!invocation->has_http)
        return;
    invocation->status_code = status_code(invocation, response);
    keep_headers(session, invocation, &invocation->response_headers, response->headers);
}

/* --- the transaction --- */

/* Exactly one invocation of the app's start is the cold one, whichever worker process gets it: the first to make the
 * flag file named after the host's process. Where it cannot be made for another reason, once per process. */
static bool is_cold_start(const struct azm_session *session)
{
    char name[AZM_COLDSTART_NAME_MAX], path[AZM_RUN_DIR_MAX + AZM_COLDSTART_NAME_MAX];
    uint32_t host = azm_self_parent_pid();
    uint64_t host_start = 0;
    if (azm_process_start_time(host, &host_start, NULL) != AZM_OK)
        return true;
    azm_coldstart_name(host, host_start, name);
    snprintf(path, sizeof path, "%s/%s", session->channel.run_dir, name);
    return azm_file_claim(path, AZM_S(""), 0600, NULL) != AZM_EXISTS;
}

void azm_request_source(struct azm_session *session)
{
    if (session->source_written)
        return;
    struct azm_functions_facts facts = {.runtime_version = session->runtime_version,
                                        .app_directory = session->app_directory,
                                        .pid = azm_self_pid(),
                                        .ppid = azm_self_parent_pid()};
    struct azm_arena arena;
    struct azm_source source;
    bool node_name_ignored;
    azm_arena_init(&arena, 65536);
    azm_functions_metadata(&source, &session->settings, &session->environment.env, &facts, &arena, &node_name_ignored);
    if (node_name_ignored)
        azm_session_note(session, AZM_S("ELASTIC_APM_SERVICE_NODE_NAME is ignored in Functions: the node is the "
                                        "instance's id (WEBSITE_INSTANCE_ID)"));
    azm_channel_put_source(&session->channel, &source);
    azm_arena_dispose(&arena);
    session->source_written = true;
}

/* "http", by the trigger's type where it is known, else by what the request holds. */
static const struct azm_trigger *trigger_of(const struct azm_invocation *invocation,
                                            const struct azm_function *function)
{
    if (function->trigger)
        return function->trigger;
    return azm_trigger_of(invocation->has_http ? AZM_S("httpTrigger") : AZM_S(""));
}

static azm_slice kept(struct azm_arena *arena, struct azm_buf *text)
{
    azm_slice copy = text->len ? azm_arena_copy(arena, azm_buf_slice(text)) : (azm_slice){NULL, 0};
    azm_buf_clear(text);
    return copy;
}

static azm_slice subscription_of(const struct azm_function *function)
{
    for (size_t i = 0; i < AZM_TRIGGER_LABELS && function->trigger; i++)
        if (azm_slice_eq(function->trigger->labels[i].label, AZM_S("subscription")))
            return function->binding_labels[i];
    return AZM_S("");
}

/* The names of a function's transactions: they are the same each time. */
static void label(struct azm_session *session, struct azm_function *function, const struct azm_trigger *trigger)
{
    char text[2048];
    struct azm_buf out;
    struct azm_arena *arena = &session->functions.arena;
    azm_slice own = function->name.len ? function->name : function->id;
    if (function->labels == session->labels)
        return;
    azm_buf_init_fixed(&out, text, sizeof text);
    azm_name_http(&out, AZM_S(""), session->route_prefix, function->route.len ? function->route : own);
    function->path = kept(arena, &out);
    if (!function->path.ptr) /* no room for more text: its bare name is better than none */
        function->path = own;
    azm_name_other(&out, trigger, function->queue, subscription_of(function), own);
    function->other_name = kept(arena, &out);
    if (!function->other_name.ptr)
        function->other_name = own;
    azm_faas_name(&out, &session->environment.env, own);
    function->faas_name = kept(arena, &out);
    azm_faas_id(&out, &session->environment.env, own);
    function->faas_id = kept(arena, &out);
    function->labels = session->labels;
}

azm_slice azm_request_faas_name(struct azm_session *session, const struct azm_invocation *invocation)
{
    struct azm_function *function = azm_session_function(session, invocation);
    if (!function)
        return (azm_slice){NULL, 0};
    label(session, function, trigger_of(invocation, function));
    return function->faas_name;
}

static azm_slice http_name(struct azm_buf *out, azm_slice method, azm_slice path)
{
    if (!method.len)
        return path;
    azm_name_method(out, method);
    azm_buf_add(out, path);
    return azm_buf_slice(out);
}

/* A function that no message told of: it is called by its id. */
static struct azm_function *stranger(const struct azm_invocation *invocation, struct azm_function *storage)
{
    *storage = (struct azm_function){.id = invocation->function_id};
    return storage;
}

static void add_http(const struct azm_invocation *invocation, struct azm_transaction *t, struct azm_pair *request,
                     struct azm_pair *response)
{
    t->http.method = invocation->method.len ? invocation->method : (azm_slice){NULL, 0};
    t->http.url = invocation->url.len ? invocation->url : (azm_slice){NULL, 0};
    t->http.status_code = invocation->status_code;
    t->http.has_sizes = invocation->has_sizes ? AZM_TRUE : AZM_UNSET;
    t->http.request_size = invocation->request_size;
    t->http.response_size = invocation->response_size;
    t->http.request_headers.items = request;
    t->http.request_headers.count =
        azm_invocation_headers(invocation, &invocation->request_headers, request, HEADERS_MAX);
    t->http.response_headers.items = response;
    t->http.response_headers.count =
        azm_invocation_headers(invocation, &invocation->response_headers, response, HEADERS_MAX);
}

/* It may still have been the app's cold start: then no other is. */
static bool is_ignored(const struct azm_session *session, const struct azm_invocation *invocation,
                       const struct azm_function *function)
{
    bool queued = function->trigger && function->trigger->messaging.ptr;
    if (!invocation->ignored && !(queued && azm_ignore_message(&session->settings, function->queue)))
        return false;
    if (invocation->coldstart)
        (void)!is_cold_start(session);
    return true;
}

void azm_request_report(struct azm_session *session, struct azm_invocation *invocation)
{
    char text[1024];
    struct azm_buf name;
    struct azm_pair request_headers[HEADERS_MAX], response_headers[HEADERS_MAX];
    struct azm_trigger_parts parts;
    struct azm_ending_parts ending;
    struct azm_function unknown, *function = azm_session_function(session, invocation);
    if (!function)
        function = stranger(invocation, &unknown);
    const struct azm_trigger *trigger = trigger_of(invocation, function);
    if (is_ignored(session, invocation, function))
        return;
    bool failed = invocation->status != AZM_RPC_SUCCESS;
    if (invocation->proxied && !failed)
        invocation->status_code = invocation->leg_status;
    azm_request_source(session);
    label(session, function, trigger);
    azm_buf_init_fixed(&name, text, sizeof text);

    struct azm_transaction t = {
        .trace_id = invocation->trace_id,
        .id = invocation->span_id,
        .parent_id = invocation->parent_id,
        .timestamp_us = invocation->wall_us,
        .duration_us = invocation->duration_us,
        .name =
            azm_trigger_is_http(trigger) ? http_name(&name, invocation->method, function->path) : function->other_name,
        .type = trigger->type,
        .outcome = azm_outcome_of(failed, invocation->status_code),
        .result = azm_result_of(failed, invocation->status_code),
        .sampled = invocation->sampled,
        .sample_rate = invocation->sample_rate,
        .faas = {.id = function->faas_id,
                 .name = function->faas_name,
                 .trigger_type = trigger->faas_type,
                 .execution = {invocation->id, invocation->id_len},
                 .coldstart = invocation->coldstart && is_cold_start(session) ? AZM_TRUE : AZM_FALSE},
        .link_count = azm_trace_id_is_none(invocation->link.trace_id) ? 0 : 1,
        .links = &invocation->link,
    };
    t.name = azm_name_group(&session->settings, t.name);
    azm_trigger_tell(session, invocation, function, &parts, &t);
    if (invocation->has_http)
        add_http(invocation, &t, request_headers, response_headers);
    azm_body_tell(invocation, session->settings.capture_body, trigger->messaging.ptr != NULL, &t);
    if (invocation->exception)
        t.exception = (struct azm_exception){.error_id = azm_trace_id_new(&session->random),
                                             .type = invocation->exception->type,
                                             .message = invocation->exception->message,
                                             .stack = invocation->exception->stack,
                                             .handled = AZM_FALSE}; /* it ended the invocation */
    azm_ending_tell(session, invocation, &ending, parts.labels, &t);
    azm_channel_put_transaction(&session->channel, &t);
}

void azm_request_report_death(struct azm_session *session)
{
    struct azm_death *death = &session->death;
    if (!death->happened || death->told || session->channel.state != AZM_CHANNEL_OPEN)
        return;
    azm_request_source(session);
    struct azm_error_event error = {
        .timestamp_us = death->wall_us, .exception = azm_death_exception(death, &session->random), .fatal = true};
    azm_channel_put_error(&session->channel, &error);
}

static void tell(void *self, azm_slice line)
{
    azm_channel_put_info(self, line);
}

/* The agent's log is to say how the tap is configured. */
static void tell_settings(struct azm_session *session)
{
    tell(&session->channel, AZM_S("azimuth-tap " AZM_VERSION ", settings:"));
    azm_settings_tell(&session->environment.env, tell, &session->channel);
    session->settings_told = true;
}

void azm_request_report_losses(struct azm_session *session)
{
    struct azm_channel *channel = &session->channel;
    azm_slice rest = azm_buf_slice(&session->notes), line;
    if (channel->state != AZM_CHANNEL_OPEN)
        return;
    if (!session->settings_told && session->active && !session->placeholder)
        tell_settings(session);
    if (session->overflow)
        azm_channel_count(channel, AZM_RING_DROP_POOL, session->overflow);
    if (session->blind)
        azm_channel_count(channel, AZM_RING_DROP_BLIND, session->blind);
    if (session->malformed)
        azm_channel_count(channel, AZM_RING_DROP_MALFORMED, session->malformed);
    session->overflow = session->blind = session->malformed = 0;
    while (session->notes.len && azm_slice_split(&rest, '\n', &line))
        azm_channel_put_note(channel, line);
    azm_buf_clear(&session->notes);
}
