#include "tap/proxied.h"

#include "tap/request.h"
#include "tap/session.h"

/* What the caller asked for: the host forwards the path to the worker, and says in X-Forwarded-* where it came in. */
static azm_slice url_of(const struct azm_http_head *head, struct azm_buf *out)
{
    azm_slice proto = azm_http_field(head, AZM_S("x-forwarded-proto"));
    azm_slice host = azm_http_field(head, AZM_S("x-forwarded-host"));
    if (!proto.len || !host.len || !azm_slice_starts(head->target, AZM_S("/")))
        return head->target;
    azm_buf_addf(out, "%.*s://%.*s%.*s", AZM_FMT(proto), AZM_FMT(host), AZM_FMT(head->target));
    return out->failed ? head->target : azm_buf_slice(out);
}

static bool on_request(void *self, azm_slice id, const struct azm_http_head *head, int64_t now_us)
{
    struct azm_session *session = self;
    char text[4096];
    struct azm_buf url;
    struct azm_pair pairs[AZM_RPC_HEADERS];
    struct azm_invocation *invocation = azm_invocations_find(&session->invocations, id);
    if (!invocation)
        invocation = azm_session_expect(session, id, now_us);
    if (!invocation || invocation->leg != AZM_LEG_NONE || invocation->answered || invocation->method.len)
        return false;
    invocation->leg = AZM_LEG_OPEN;
    azm_buf_init_fixed(&url, text, sizeof text);
    struct azm_pairs headers = {pairs, azm_leg_pairs(head, pairs, AZM_COUNT(pairs))};
    azm_request_http(session, invocation, head->method, url_of(head, &url), headers);
    return true;
}

static bool trace_of(void *self, azm_slice id, const struct azm_http_head *head, struct azm_trace_decision *out)
{
    struct azm_session *session = self;
    struct azm_pair pairs[AZM_RPC_HEADERS];
    struct azm_invocation *invocation = azm_invocations_find(&session->invocations, id);
    if (!session->rewrites || !invocation || invocation->leg != AZM_LEG_OPEN)
        return false;
    struct azm_pairs headers = {pairs, azm_leg_pairs(head, pairs, AZM_COUNT(pairs))};
    azm_request_trace_http(session, invocation, AZM_S(""), headers, out);
    return true;
}

static void on_response(void *self, azm_slice id, const struct azm_http_head *head)
{
    struct azm_session *session = self;
    struct azm_pair pairs[AZM_RPC_HEADERS];
    struct azm_invocation *invocation = azm_invocations_find(&session->invocations, id);
    if (!invocation || invocation->leg != AZM_LEG_OPEN)
        return;
    struct azm_pairs headers = {pairs, azm_leg_pairs(head, pairs, AZM_COUNT(pairs))};
    invocation->leg_status = head->status;
    azm_request_http_answer(session, invocation, headers);
}

static void forget(struct azm_session *session, struct azm_invocation *invocation)
{
    session->early_count--;
    azm_invocations_close(&session->invocations, invocation);
}

static void on_end(void *self, azm_slice id, const struct azm_leg_end *end, int64_t now_us)
{
    struct azm_session *session = self;
    struct azm_invocation *invocation = azm_invocations_find(&session->invocations, id);
    if (!invocation || invocation->leg != AZM_LEG_OPEN)
        return;
    invocation->leg = AZM_LEG_ENDED;
    invocation->has_sizes = end->whole;
    invocation->request_size = end->request_size;
    invocation->response_size = end->response_size;
    if (invocation->replied)
        azm_session_finish(session, invocation, now_us);
}

static void *open_leg(struct azm_session *session)
{
    return session;
}

static void close_leg(void *self)
{
    (void)self;
}

const struct azm_leg_listener azm_proxied_listener = {.id_fields = {AZM_S_INIT("x-ms-invocation-id")},
                                                      .open = open_leg,
                                                      .close = close_leg,
                                                      .request = on_request,
                                                      .trace = trace_of,
                                                      .response = on_response,
                                                      .end = on_end};

struct sweep {
    struct azm_session *session;
    int64_t now_us;
};

static void look(void *self, struct azm_invocation *invocation)
{
    const struct sweep *sweep = self;
    if (invocation->early && sweep->now_us - invocation->start_us > AZM_PROXIED_EARLY_WAIT_US)
        forget(sweep->session, invocation);
}

void azm_proxied_sweep(struct azm_session *session, int64_t now_us)
{
    struct sweep sweep = {session, now_us};
    if (session->early_count)
        azm_invocations_each(&session->invocations, look, &sweep);
}
