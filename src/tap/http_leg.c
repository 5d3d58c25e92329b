#include "tap/http_leg.h"

#include <stdlib.h>

#include "base/buf.h"
#include "tap/proxied.h"

/* A request and its answer. */
struct exchange {
    char id[AZM_INVOCATION_ID_MAX + 1]; /* x-ms-invocation-id; empty: none */
    char method[16];
    uint64_t sizes[2]; /* bytes of content, by enum azm_side */
};

struct direction {
    bool in_body;
    struct azm_http_body body;
    struct azm_buf head; /* the part of a head that came before the rest */
};

struct azm_http_leg {
    struct azm_session *session;
    bool blind;
    bool tunnel;                    /* no HTTP any more (WebSocket, CONNECT); it is the oldest exchange's */
    struct direction directions[2]; /* by enum azm_side */
    struct exchange exchanges[AZM_LEG_EXCHANGES];
    unsigned first, count; /* of those without a whole answer */
};

struct azm_http_leg *azm_http_leg_open(struct azm_session *session)
{
    struct azm_http_leg *leg = calloc(1, sizeof *leg);
    if (!leg)
        return NULL;
    leg->session = session;
    azm_buf_init(&leg->directions[AZM_FROM_HOST].head, AZM_HTTP_HEAD_MAX);
    azm_buf_init(&leg->directions[AZM_FROM_WORKER].head, AZM_HTTP_HEAD_MAX);
    return leg;
}

/* --- exchanges --- */

static struct exchange *oldest(struct azm_http_leg *leg)
{
    return leg->count ? &leg->exchanges[leg->first] : NULL;
}

static struct exchange *newest(struct azm_http_leg *leg)
{
    return leg->count ? &leg->exchanges[(leg->first + leg->count - 1) % AZM_LEG_EXCHANGES] : NULL;
}

/* The oldest is over; whole: it has its complete answer. */
static void end_oldest(struct azm_http_leg *leg, bool whole, int64_t now_us)
{
    const struct exchange *exchange = oldest(leg);
    struct azm_leg_end end = {.request_size = exchange->sizes[AZM_FROM_HOST],
                              .response_size = exchange->sizes[AZM_FROM_WORKER],
                              .whole = whole};
    leg->first = (leg->first + 1) % AZM_LEG_EXCHANGES;
    leg->count--;
    if (exchange->id[0])
        azm_proxied_end(leg->session, azm_slice_str(exchange->id), &end, now_us);
}

static void give_up(struct azm_http_leg *leg, int64_t now_us)
{
    leg->blind = true;
    while (leg->count)
        end_oldest(leg, false, now_us);
    for (size_t i = 0; i < AZM_COUNT(leg->directions); i++)
        azm_buf_dispose(&leg->directions[i].head);
}

/* --- heads --- */

static enum azm_status begin_request(struct azm_http_leg *leg, const struct azm_http_head *head, int64_t now_us)
{
    azm_slice id = azm_http_field(head, AZM_S("x-ms-invocation-id"));
    if (leg->count == AZM_LEG_EXCHANGES)
        return AZM_TOO_BIG;
    leg->count++;
    struct exchange *exchange = newest(leg);
    *exchange = (struct exchange){{0}, {0}, {0, 0}};
    azm_slice_copy(head->method, exchange->method, sizeof exchange->method);
    if (id.len && id.len <= AZM_INVOCATION_ID_MAX && azm_proxied_request(leg->session, id, head, now_us))
        azm_slice_copy(id, exchange->id, sizeof exchange->id);
    return azm_http_body_of_request(&leg->directions[AZM_FROM_HOST].body, head);
}

static enum azm_status begin_response(struct azm_http_leg *leg, const struct azm_http_head *head)
{
    const struct exchange *exchange = oldest(leg);
    if (!exchange)
        return AZM_BAD_INPUT;
    if (exchange->id[0] && (head->status >= 200 || head->status == 101))
        azm_proxied_response(leg->session, azm_slice_str(exchange->id), head);
    struct azm_http_body *body = &leg->directions[AZM_FROM_WORKER].body;
    enum azm_status st = azm_http_body_of_response(body, head, azm_slice_str(exchange->method));
    leg->tunnel = st == AZM_OK && body->framing == AZM_HTTP_TUNNEL;
    return st;
}

/* Takes a head off the front of *bytes; AZM_MORE: it is not complete, and what there is of it was kept. */
static enum azm_status take_head(struct azm_http_leg *leg, enum azm_side from, azm_slice *bytes, int64_t now_us)
{
    static struct azm_http_head head; /* 4 KB; used up within the call */
    struct azm_buf *kept = &leg->directions[from].head;
    size_t seen = kept->len;
    azm_slice in = *bytes;
    if (seen) {
        azm_buf_add(kept, azm_slice_take(*bytes, AZM_HTTP_HEAD_MAX - seen));
        in = azm_buf_slice(kept);
    }
    enum azm_status st =
        from == AZM_FROM_HOST ? azm_http_read_request(in, seen, &head) : azm_http_read_response(in, seen, &head);
    if (st == AZM_MORE && !seen)
        azm_buf_add(kept, *bytes);
    if (kept->failed || (st == AZM_MORE && seen && in.len == AZM_HTTP_HEAD_MAX))
        return AZM_TOO_BIG;
    if (st != AZM_OK)
        return st;
    st = from == AZM_FROM_HOST ? begin_request(leg, &head, now_us) : begin_response(leg, &head);
    *bytes = azm_slice_drop(*bytes, head.size - seen);
    azm_buf_clear(kept);
    leg->directions[from].in_body = true;
    if (from == AZM_FROM_WORKER && head.status < 200 && head.status != 101) /* the answer itself is still to come */
        leg->directions[from].in_body = false;
    return st;
}

/* --- bodies --- */

static enum azm_status pass_body(struct azm_http_leg *leg, enum azm_side from, azm_slice *bytes, int64_t now_us)
{
    struct direction *direction = &leg->directions[from];
    struct exchange *exchange = from == AZM_FROM_HOST ? newest(leg) : oldest(leg);
    azm_slice piece;
    enum azm_status st;
    while ((st = azm_http_body_next(&direction->body, bytes, &piece)) == AZM_OK)
        if (exchange)
            exchange->sizes[from] += piece.len;
    if (st != AZM_END)
        return st;
    direction->in_body = false;
    if (from == AZM_FROM_WORKER)
        end_oldest(leg, true, now_us);
    return AZM_OK;
}

void azm_http_leg_bytes(struct azm_http_leg *leg, enum azm_side from, azm_slice bytes, int64_t now_us)
{
    enum azm_status st = AZM_OK;
    struct direction *direction = &leg->directions[from];
    if (leg->blind)
        return;
    if (leg->tunnel && from == AZM_FROM_HOST) {
        oldest(leg)->sizes[from] += bytes.len;
        return;
    }
    while (st == AZM_OK && (bytes.len || direction->in_body)) {
        if (direction->in_body)
            st = pass_body(leg, from, &bytes, now_us);
        else
            st = take_head(leg, from, &bytes, now_us);
    }
    if (st != AZM_OK && st != AZM_MORE)
        give_up(leg, now_us);
}

void azm_http_leg_end(struct azm_http_leg *leg, enum azm_side from, int64_t now_us)
{
    struct direction *direction = &leg->directions[from];
    if (leg->blind || from != AZM_FROM_WORKER)
        return;
    if (direction->in_body && azm_http_body_may_end(&direction->body))
        end_oldest(leg, true, now_us);
    give_up(leg, now_us); /* it answers nothing else */
}

void azm_http_leg_close(struct azm_http_leg *leg, int64_t now_us)
{
    if (!leg)
        return;
    if (!leg->blind)
        azm_http_leg_end(leg, AZM_FROM_WORKER, now_us);
    free(leg);
}
