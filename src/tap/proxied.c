#include "tap/proxied.h"

#include "os/clock.h"
#include "tap/request.h"
#include "tap/session.h"

static size_t pairs_of(const struct azm_http_head *head, struct azm_pair *out, size_t max)
{
    size_t count = head->field_count < max ? head->field_count : max;
    for (size_t i = 0; i < count; i++)
        out[i] = (struct azm_pair){head->fields[i].name, head->fields[i].value};
    return count;
}

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

static struct azm_invocation *open_early(struct azm_session *session, azm_slice id, int64_t now_us)
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

bool azm_proxied_request(struct azm_session *session, azm_slice id, const struct azm_http_head *head, int64_t now_us)
{
    char text[4096];
    struct azm_buf url;
    struct azm_pair pairs[AZM_RPC_HEADERS];
    struct azm_invocation *invocation = azm_invocations_find(&session->invocations, id);
    if (!invocation)
        invocation = open_early(session, id, now_us);
    if (!invocation || invocation->leg != AZM_LEG_NONE || invocation->answered || invocation->method.len)
        return false;
    invocation->leg = AZM_LEG_OPEN;
    azm_buf_init_fixed(&url, text, sizeof text);
    struct azm_pairs headers = {pairs, pairs_of(head, pairs, AZM_COUNT(pairs))};
    azm_request_http(session, invocation, head->method, url_of(head, &url), headers);
    return true;
}

bool azm_proxied_trace(struct azm_session *session, azm_slice id, const struct azm_http_head *head,
                       struct azm_trace_decision *out)
{
    struct azm_pair pairs[AZM_RPC_HEADERS];
    struct azm_invocation *invocation = azm_invocations_find(&session->invocations, id);
    if (!session->rewrites || !invocation || invocation->leg != AZM_LEG_OPEN)
        return false;
    struct azm_pairs headers = {pairs, pairs_of(head, pairs, AZM_COUNT(pairs))};
    azm_request_trace_http(session, invocation, headers, out);
    return true;
}

void azm_proxied_missed(struct azm_session *session, uint64_t count)
{
    azm_session_missed_rewrites(session, count);
}

void azm_proxied_response(struct azm_session *session, azm_slice id, const struct azm_http_head *head)
{
    struct azm_pair pairs[AZM_RPC_HEADERS];
    struct azm_invocation *invocation = azm_invocations_find(&session->invocations, id);
    if (!invocation || invocation->leg != AZM_LEG_OPEN)
        return;
    struct azm_pairs headers = {pairs, pairs_of(head, pairs, AZM_COUNT(pairs))};
    invocation->leg_status = head->status;
    azm_request_http_answer(session, invocation, headers);
}

static void forget(struct azm_session *session, struct azm_invocation *invocation)
{
    session->early_count--;
    azm_invocations_close(&session->invocations, invocation);
}

void azm_proxied_end(struct azm_session *session, azm_slice id, const struct azm_leg_end *end, int64_t now_us)
{
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
