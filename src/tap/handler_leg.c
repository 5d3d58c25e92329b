#include "tap/handler_leg.h"

#include <stdio.h>
#include <stdlib.h>

#include "tap/handler_answer.h"
#include "tap/handler_request.h"
#include "tap/handler_routes.h"
#include "tap/request.h"
#include "tap/session.h"

#define BROKEN_WAIT_US 2000000 /* for the handler's end */

enum way { NO_WAY, CALLED, FORWARDED };

/* One connection; the host has one exchange at a time on it. */
struct leg {
    struct azm_session *session;
    enum way way; /* of the exchange */
    bool asked;   /* the session knows the request */
    int64_t start_us;
    char id[AZM_INVOCATION_ID_MAX + 1], function[256], traceparent[AZM_TRACEPARENT_LEN + 1];
    struct azm_handler_request *request; /* while its body is read; NULL: it is not */
    unsigned status;                     /* of the answer; 0: none yet */
    bool json;                           /* the answer's type is one that the host reads */
    char type[64], reason[64];           /* of the answer */
    struct azm_handler_answer answer;
};

static void *open_leg(struct azm_session *session)
{
    struct leg *leg = malloc(sizeof *leg);
    if (!leg)
        return NULL;
    memset(leg, 0, offsetof(struct leg, answer));
    leg->session = session;
    return leg;
}

static void release(struct leg *leg)
{
    leg->session->handler_readers -= leg->request != NULL;
    free(leg->request);
    leg->request = NULL;
}

static void close_leg(void *self)
{
    release(self);
    free(self);
}

/* --- which function, and how it is asked --- */

static bool allows(const struct azm_function *function, azm_slice method)
{
    azm_slice rest = function->methods, one;
    if (!rest.len)
        return true;
    while (azm_slice_split(&rest, ',', &one))
        if (azm_slice_eq_nocase(one, method))
            return true;
    return false;
}

static bool is_http_only(const struct azm_function *function)
{
    return function->trigger && azm_trigger_is_http(function->trigger) && !function->has_others;
}

static const struct azm_function *of_route(const struct azm_session *session, azm_slice method, azm_slice path)
{
    const struct azm_function *best = NULL;
    uint64_t best_fit = AZM_ROUTE_NONE;
    for (size_t i = 0; i < session->functions.slot_count; i++) {
        const struct azm_function *function = session->functions.slots[i];
        if (!function || !is_http_only(function) || !allows(function, method))
            continue;
        azm_slice route = function->route.len ? function->route : function->name;
        uint64_t fit = azm_route_fit(session->route_prefix, route, path);
        if (fit < best_fit) {
            best_fit = fit;
            best = function;
        }
    }
    return best;
}

/* NULL: of a path that means none that is known; it is called by the path then. *way: NO_WAY for the root, which is
 * nobody's name. */
static const struct azm_function *find_function(struct azm_session *session, const struct azm_http_head *head,
                                                azm_slice path, enum way *way)
{
    azm_slice name = azm_slice_drop(path, 1);
    const struct azm_function *named = azm_functions_find(&session->functions, name);
    bool is_name = azm_slice_find(name, '/') == name.len;
    *way = FORWARDED;
    if (session->http_worker && named && is_http_only(named))
        return named;
    const struct azm_function *routed = session->handler_forwards ? of_route(session, head->method, path) : NULL;
    if (routed || !is_name)
        return routed;
    *way = name.len ? CALLED : NO_WAY;
    if (!name.len)
        return NULL;
    return named ? named : azm_functions_add(&session->functions, name, name, AZM_S(""), AZM_S(""));
}

/* --- the request --- */

static const struct azm_trigger *trigger_of(const struct leg *leg)
{
    const struct azm_function *function = azm_functions_find(&leg->session->functions, azm_slice_str(leg->function));
    return function ? function->trigger : NULL;
}

static struct azm_rpc_message message_of(const struct leg *leg, enum azm_rpc_kind kind)
{
    struct azm_rpc_message message = {.kind = kind};
    message.fields[AZM_RPC_INVOCATION_ID] = azm_slice_str(leg->id);
    message.fields[AZM_RPC_FUNCTION_ID] = azm_slice_str(leg->function);
    return message;
}

static void ask(struct leg *leg, const struct azm_rpc_message *message)
{
    leg->asked = true;
    azm_session_from_host.on_message(leg->session, message, leg->start_us);
}

/* All of the body was read, or no more of it will be. */
static void ask_called(struct leg *leg)
{
    struct azm_rpc_message message = message_of(leg, AZM_RPC_INVOCATION_REQUEST);
    if (leg->asked)
        return;
    message.fields[AZM_RPC_TRACE_PARENT] = azm_slice_str(leg->traceparent);
    if (leg->request)
        azm_handler_request_tell(leg->request, &message);
    ask(leg, &message);
    release(leg);
}

/* As the caller has it: the host hands its Host field on with the others. */
static azm_slice url_of(const struct azm_http_head *head, struct azm_buf *out)
{
    azm_slice proto = azm_http_field(head, AZM_S("x-forwarded-proto"));
    azm_slice host = azm_http_field(head, AZM_S("x-forwarded-host"));
    if (!host.len)
        host = azm_http_field(head, AZM_S("host"));
    azm_buf_addf(out, "%.*s://%.*s%.*s", AZM_FMT(proto.len ? proto : AZM_S("http")), AZM_FMT(host),
                 AZM_FMT(head->target));
    return out->failed || !host.len ? head->target : azm_buf_slice(out);
}

static void ask_forwarded(struct leg *leg, const struct azm_http_head *head)
{
    char text[4096];
    struct azm_buf url;
    struct azm_pair pairs[AZM_RPC_HEADERS];
    struct azm_rpc_message message = message_of(leg, AZM_RPC_INVOCATION_REQUEST);
    azm_buf_init_fixed(&url, text, sizeof text);
    message.fields[AZM_RPC_HTTP_METHOD] = head->method;
    message.fields[AZM_RPC_HTTP_URL] = url_of(head, &url);
    message.headers = (struct azm_pairs){pairs, azm_leg_pairs(head, pairs, AZM_COUNT(pairs))};
    message.has_http = true;
    ask(leg, &message);
}

static void read_body(struct leg *leg)
{
    if (leg->session->handler_readers == AZM_HANDLER_READERS_MAX)
        return;
    leg->request = malloc(sizeof *leg->request);
    if (!leg->request)
        return;
    leg->session->handler_readers++;
    azm_handler_request_begin(leg->request, trigger_of(leg));
}

static bool on_request(void *self, azm_slice id, const struct azm_http_head *head, int64_t now_us)
{
    struct leg *leg = self;
    struct azm_session *session = leg->session;
    azm_slice path = azm_slice_take(head->target, azm_slice_find(head->target, '?'));
    if (leg->way != NO_WAY || !session->active || session->placeholder || !azm_slice_starts(path, AZM_S("/")))
        return false;
    azm_session_look(session);
    const struct azm_function *function = find_function(session, head, path, &leg->way);
    if (leg->way == NO_WAY)
        return false;
    azm_slice_copy(id, leg->id, sizeof leg->id);
    azm_slice_copy(function ? function->id : path, leg->function, sizeof leg->function);
    azm_slice_copy(azm_http_field(head, AZM_S("traceparent")), leg->traceparent, sizeof leg->traceparent);
    leg->start_us = now_us;
    leg->asked = false;
    leg->status = 0;
    if (leg->way == FORWARDED) {
        ask_forwarded(leg, head);
    } else {
        (void)azm_session_expect(session, id, now_us);
        read_body(leg);
    }
    return true;
}

/* The exchange's own invocation. One of the same id that is answered and waits in a line is another's (the host asked
 * twice, after a redirect say): nobody may touch it there. */
static struct azm_invocation *find_open(const struct leg *leg)
{
    struct azm_invocation *found = azm_invocations_find(&leg->session->invocations, azm_slice_str(leg->id));
    return found && azm_invocation_is_open(found) ? found : NULL;
}

static bool decide_trace(void *self, azm_slice id, const struct azm_http_head *head, struct azm_trace_decision *out)
{
    struct leg *leg = self;
    struct azm_invocation *invocation = azm_invocations_find(&leg->session->invocations, id); /* may not be asked yet */
    (void)head;
    if (!leg->session->rewrites || !invocation || invocation->answered)
        return false;
    azm_request_trace_http(leg->session, invocation, azm_slice_str(leg->traceparent), (struct azm_pairs){NULL, 0}, out);
    return true;
}

/* --- the answer --- */

/* The host reads these; a handler that names no type, or text/plain, has not answered. */
static bool is_json_type(azm_slice value)
{
    azm_slice type = azm_slice_trim(azm_slice_take(value, azm_slice_find(value, ';')));
    return azm_slice_eq_nocase(type, AZM_S("application/json")) || azm_slice_eq_nocase(type, AZM_S("text/json"));
}

static void on_log(void *self, azm_slice text)
{
    struct leg *leg = self;
    char logger[300];
    struct azm_rpc_message message = message_of(leg, AZM_RPC_LOG);
    int len = snprintf(logger, sizeof logger, "Function.%s.User", leg->function);
    message.fields[AZM_RPC_LOG_LOGGER] = azm_slice_of(logger, (size_t)len);
    message.fields[AZM_RPC_LOG_MESSAGE] = text;
    message.log_level = AZM_RPC_LOG_INFORMATION;
    message.log_source = AZM_RPC_LOG_USER;
    azm_session_from_worker.on_message(leg->session, &message, leg->start_us);
}

static void on_response(void *self, azm_slice id, const struct azm_http_head *head)
{
    struct leg *leg = self;
    (void)id;
    struct azm_pair pairs[AZM_RPC_HEADERS];
    azm_slice type = azm_http_field(head, AZM_S("content-type"));
    leg->status = head->status;
    ask_called(leg); /* it may answer before it has read all */
    struct azm_invocation *invocation = find_open(leg);
    if (leg->way == FORWARDED && invocation)
        azm_request_http_answer(leg->session, invocation,
                                (struct azm_pairs){pairs, azm_leg_pairs(head, pairs, AZM_COUNT(pairs))});
    azm_slice_copy(type, leg->type, sizeof leg->type);
    azm_slice_copy(head->reason, leg->reason, sizeof leg->reason);
    leg->json = leg->way == CALLED && head->status / 100 == 2 && is_json_type(type);
    if (!leg->json)
        return;
    const struct azm_function *function = azm_functions_find(&leg->session->functions, azm_slice_str(leg->function));
    azm_handler_answer_begin(&leg->answer, function ? function->http_output : AZM_S(""), on_log, leg);
}

static void on_content(void *self, azm_slice id, enum azm_side from, azm_slice piece)
{
    struct leg *leg = self;
    (void)id;
    if (from == AZM_FROM_HOST && leg->request)
        azm_handler_request_feed(leg->request, piece);
    else if (from == AZM_FROM_WORKER && leg->json)
        azm_handler_answer_feed(&leg->answer, piece);
}

static void on_content_end(void *self, azm_slice id, enum azm_side from, int64_t now_us)
{
    (void)id, (void)now_us;
    if (from == AZM_FROM_HOST)
        ask_called(self);
}

/* --- the end --- */

/* As the host says it: the type is that of its exception, the sentence is ours. */
static void fail(struct azm_rpc_message *message, azm_slice type, azm_slice why)
{
    message->status = AZM_RPC_FAILURE;
    message->fields[AZM_RPC_EXCEPTION_TYPE] = type;
    message->fields[AZM_RPC_EXCEPTION_MESSAGE] = why;
}

static void answer_called(struct leg *leg, struct azm_rpc_message *message, struct azm_buf *text)
{
    static const azm_slice refused = AZM_S_INIT("System.Net.Http.HttpRequestException");
    static const azm_slice unread = AZM_S_INIT("System.InvalidOperationException");
    if (leg->status / 100 != 2) {
        azm_buf_addf(text, "the custom handler answered %u%s%s", leg->status, leg->reason[0] ? " " : "", leg->reason);
        fail(message, refused, azm_buf_slice(text));
    } else if (!leg->json) {
        azm_buf_addf(text, "the custom handler's answer has %s%s: the host reads application/json",
                     leg->type[0] ? "the Content-Type " : "no Content-Type", leg->type);
        fail(message, unread, azm_buf_slice(text));
    } else if (!azm_handler_answer_end(&leg->answer)) {
        fail(message, unread, AZM_S("the custom handler's answer is no JSON object"));
    } else {
        azm_buf_addf(text, "%u", azm_handler_answer_status(&leg->answer));
        message->status = AZM_RPC_SUCCESS;
        message->fields[AZM_RPC_STATUS_CODE] = azm_buf_slice(text);
    }
}

static void answer(struct leg *leg, const struct azm_leg_end *end, int64_t now_us)
{
    char storage[256];
    struct azm_buf text;
    struct azm_rpc_message message = message_of(leg, AZM_RPC_INVOCATION_RESPONSE);
    struct azm_invocation *invocation = find_open(leg);
    azm_buf_init_fixed(&text, storage, sizeof storage);
    message.has_http = true;
    if (leg->way == CALLED) {
        answer_called(leg, &message, &text);
    } else {
        azm_buf_addf(&text, "%u", leg->status);
        message.status = AZM_RPC_SUCCESS;
        message.fields[AZM_RPC_STATUS_CODE] = azm_buf_slice(&text);
        if (invocation) {
            invocation->has_sizes = true;
            invocation->request_size = end->request_size;
            invocation->response_size = end->response_size;
        }
    }
    azm_session_from_worker.on_message(leg->session, &message, now_us);
}

/* The host waits no more: the invocation is cancelled, or past its timeout. */
static void give_up(struct leg *leg, int64_t now_us)
{
    struct azm_rpc_message cancel = message_of(leg, AZM_RPC_INVOCATION_CANCEL);
    struct azm_rpc_message message = message_of(leg, AZM_RPC_INVOCATION_RESPONSE);
    message.status = AZM_RPC_CANCELLED;
    azm_session_from_host.on_message(leg->session, &cancel, now_us);
    azm_session_from_worker.on_message(leg->session, &message, now_us);
}

static void on_end(void *self, azm_slice id, const struct azm_leg_end *end, int64_t now_us)
{
    struct leg *leg = self;
    (void)id;
    ask_called(leg);
    struct azm_invocation *invocation = find_open(leg);
    if (end->whole) {
        answer(leg, end, now_us);
    } else if (end->by_host && !end->unseen) {
        give_up(leg, now_us);
    } else if (invocation && end->unseen) {
        leg->session->blind++;
        azm_invocations_close(&leg->session->invocations, invocation);
    } else if (invocation) {
        invocation->broken_us = now_us;
        leg->session->broken = true;
    }
    leg->way = NO_WAY;
}

/* --- what was broken off --- */

struct sweep {
    struct azm_session *session;
    int64_t now_us;
};

static void look(void *self, struct azm_invocation *invocation)
{
    const struct sweep *sweep = self;
    if (!invocation->broken_us || invocation->answered)
        return;
    if (sweep->now_us - invocation->broken_us < BROKEN_WAIT_US) {
        sweep->session->broken = true;
        return;
    }
    invocation->cut = AZM_CUT_STREAM;
    invocation->status = AZM_RPC_FAILURE;
    azm_session_finish(sweep->session, invocation, invocation->broken_us);
}

void azm_handler_sweep(struct azm_session *session, int64_t now_us)
{
    struct sweep sweep = {session, now_us};
    if (!session->broken)
        return;
    session->broken = false;
    azm_invocations_each(&session->invocations, look, &sweep);
}

const struct azm_leg_listener azm_handler_listener = {
    .id_fields = {AZM_S_INIT("x-azure-functions-invocationid"), AZM_S_INIT("x-ms-invocation-id")},
    .host_end_is_final = true,
    .open = open_leg,
    .close = close_leg,
    .request = on_request,
    .trace = decide_trace,
    .response = on_response,
    .content = on_content,
    .content_end = on_content_end,
    .end = on_end};
