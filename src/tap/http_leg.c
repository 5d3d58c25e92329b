#include "tap/http_leg.h"

#include <stdlib.h>

#include "base/buf.h"
#include "tap/invocations.h"
#include "tap/rewrite.h"
#include "tap/session.h"

/* A request and its answer. */
struct exchange {
    char id[AZM_INVOCATION_ID_MAX + 1]; /* of its invocation; empty: none */
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
    const struct azm_leg_listener *listener;
    void *self; /* the listener's */
    bool blind, host_ended;
    bool tunnel;                    /* no HTTP any more (WebSocket, CONNECT); it is the oldest exchange's */
    struct direction directions[2]; /* by enum azm_side */
    struct exchange exchanges[AZM_LEG_EXCHANGES];
    unsigned first, count; /* of those without a whole answer */

    char *writable; /* the end of the host's bytes that are being read; NULL: they cannot be overwritten */
    size_t held;    /* bytes before those that are being read that were not sent yet; then: to hold */
    size_t line;    /* of the head that came in part: where its last line begins */
};

struct azm_http_leg *azm_http_leg_open(struct azm_session *session, const struct azm_leg_listener *listener)
{
    struct azm_http_leg *leg = calloc(1, sizeof *leg);
    if (!leg)
        return NULL;
    leg->session = session;
    leg->listener = listener;
    leg->self = listener->open(session);
    if (!leg->self) {
        free(leg);
        return NULL;
    }
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

/* The oldest is over; whole: it has its complete answer; unseen: nobody knows. */
static void end_oldest(struct azm_http_leg *leg, bool whole, bool unseen, int64_t now_us)
{
    const struct exchange *exchange = oldest(leg);
    struct azm_leg_end end = {.request_size = exchange->sizes[AZM_FROM_HOST],
                              .response_size = exchange->sizes[AZM_FROM_WORKER],
                              .whole = whole,
                              .unseen = unseen,
                              .by_host = leg->host_ended};
    leg->first = (leg->first + 1) % AZM_LEG_EXCHANGES;
    leg->count--;
    if (exchange->id[0])
        leg->listener->end(leg->self, azm_slice_str(exchange->id), &end, now_us);
}

static void give_up(struct azm_http_leg *leg, bool unseen, int64_t now_us)
{
    leg->blind = true;
    while (leg->count)
        end_oldest(leg, false, unseen, now_us);
    for (size_t i = 0; i < AZM_COUNT(leg->directions); i++)
        azm_buf_dispose(&leg->directions[i].head);
}

/* --- heads --- */

/* Where the value of a traceparent begins in a head that is not complete; SIZE_MAX: nowhere yet. */
static size_t find_value(struct azm_http_leg *leg, azm_slice head)
{
    static const azm_slice field = {"traceparent:", 12};
    for (;;) {
        azm_slice line = azm_slice_drop(head, leg->line);
        size_t end = azm_slice_find(line, '\n');
        if (azm_slice_starts_nocase(line, field))
            return leg->line + field.len;
        if (end == line.len)
            return SIZE_MAX;
        leg->line += end + 1;
    }
}

/* The head so far, which ends where what was received ends, waits for its rest. */
static void hold(struct azm_http_leg *leg, azm_slice head, size_t unsent)
{
    size_t value = find_value(leg, head);
    leg->held = value < head.len && head.len - value <= unsent ? head.len - value : 0;
}

static const struct azm_http_field *only_traceparent(const struct azm_http_head *head)
{
    const struct azm_http_field *found = NULL;
    for (size_t i = 0; i < head->field_count; i++) {
        if (!azm_slice_eq_nocase(head->fields[i].name, AZM_S("traceparent")))
            continue;
        if (found)
            return NULL;
        found = &head->fields[i];
    }
    return found;
}

/* text: the head's, perhaps a copy; `behind` bytes lie behind the head in what is being read, of whose end the last
 * `unsent` were not sent yet. */
static void rewrite(struct azm_http_leg *leg, azm_slice id, const struct azm_http_head *head, azm_slice text,
                    size_t behind, size_t unsent)
{
    char ours[AZM_TRACEPARENT_LEN];
    struct azm_trace_decision trace;
    const struct azm_http_field *field = only_traceparent(head);
    if (!field)
        return;
    size_t to_end = head->size - (size_t)(field->value.ptr - text.ptr) + behind;
    if (to_end <= unsent && azm_rewrite_is_traceparent(field->value) &&
        leg->listener->trace(leg->self, id, head, &trace)) {
        azm_rewrite_text(&trace, ours);
        if (!azm_trace_id_is_none(trace.trace_id))
            memcpy(leg->writable - to_end, ours, sizeof ours);
    } else {
        azm_session_missed_rewrites(leg->session, 1);
    }
}

static azm_slice id_of(const struct azm_http_leg *leg, const struct azm_http_head *head)
{
    azm_slice id = azm_http_field(head, leg->listener->id_fields[0]);
    return id.ptr || !leg->listener->id_fields[1].len ? id : azm_http_field(head, leg->listener->id_fields[1]);
}

static enum azm_status begin_request(struct azm_http_leg *leg, const struct azm_http_head *head, int64_t now_us)
{
    azm_slice id = id_of(leg, head);
    if (leg->count == AZM_LEG_EXCHANGES)
        return AZM_TOO_BIG;
    leg->count++;
    struct exchange *exchange = newest(leg);
    *exchange = (struct exchange){{0}, {0}, {0, 0}};
    azm_slice_copy(head->method, exchange->method, sizeof exchange->method);
    if (id.len && id.len <= AZM_INVOCATION_ID_MAX && leg->listener->request(leg->self, id, head, now_us))
        azm_slice_copy(id, exchange->id, sizeof exchange->id);
    return azm_http_body_of_request(&leg->directions[AZM_FROM_HOST].body, head);
}

static enum azm_status begin_response(struct azm_http_leg *leg, const struct azm_http_head *head)
{
    const struct exchange *exchange = oldest(leg);
    if (!exchange)
        return AZM_BAD_INPUT;
    if (exchange->id[0] && (head->status >= 200 || head->status == 101))
        leg->listener->response(leg->self, azm_slice_str(exchange->id), head);
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
    size_t seen = kept->len, unsent = leg->held + bytes->len;
    azm_slice in = *bytes;
    leg->held = 0;
    if (seen) {
        azm_buf_add(kept, azm_slice_take(*bytes, AZM_HTTP_HEAD_MAX - seen));
        in = azm_buf_slice(kept);
    }
    enum azm_status st =
        from == AZM_FROM_HOST ? azm_http_read_request(in, seen, &head) : azm_http_read_response(in, seen, &head);
    if (st == AZM_MORE && !seen)
        azm_buf_add(kept, *bytes);
    if (from == AZM_FROM_HOST && leg->writable && st == AZM_MORE)
        hold(leg, in, unsent);
    if (kept->failed || (st == AZM_MORE && seen && in.len == AZM_HTTP_HEAD_MAX))
        return AZM_TOO_BIG;
    if (st != AZM_OK)
        return st;
    st = from == AZM_FROM_HOST ? begin_request(leg, &head, now_us) : begin_response(leg, &head);
    if (from == AZM_FROM_HOST && leg->writable && newest(leg)->id[0])
        rewrite(leg, azm_slice_str(newest(leg)->id), &head, in, bytes->len - (head.size - seen), unsent);
    leg->line = 0;
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
    const struct azm_leg_listener *listener = leg->listener;
    bool told = listener->content && exchange && exchange->id[0];
    while ((st = azm_http_body_next(&direction->body, bytes, &piece)) == AZM_OK) {
        if (exchange)
            exchange->sizes[from] += piece.len;
        if (told)
            listener->content(leg->self, azm_slice_str(exchange->id), from, piece);
    }
    if (st != AZM_END)
        return st;
    direction->in_body = false;
    if (told)
        listener->content_end(leg->self, azm_slice_str(exchange->id), from, now_us);
    if (from == AZM_FROM_WORKER)
        end_oldest(leg, true, false, now_us);
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
        give_up(leg, true, now_us);
}

size_t azm_http_leg_first(struct azm_http_leg *leg, char *bytes, size_t len, int64_t now_us)
{
    leg->writable = bytes + len;
    azm_http_leg_bytes(leg, AZM_FROM_HOST, (azm_slice){bytes, len}, now_us);
    leg->writable = NULL;
    leg->held = leg->blind ? 0 : leg->held;
    return leg->held;
}

void azm_http_leg_let_go(struct azm_http_leg *leg)
{
    leg->held = 0;
}

bool azm_http_leg_awaits_head(const struct azm_http_leg *leg)
{
    return !leg->blind && !leg->tunnel && !leg->directions[AZM_FROM_HOST].in_body;
}

void azm_http_leg_end(struct azm_http_leg *leg, enum azm_side from, int64_t now_us)
{
    struct direction *direction = &leg->directions[from];
    leg->host_ended |= from == AZM_FROM_HOST;
    if (leg->blind || (from == AZM_FROM_HOST && !leg->listener->host_end_is_final))
        return;
    if (from == AZM_FROM_WORKER && direction->in_body && azm_http_body_may_end(&direction->body))
        end_oldest(leg, true, false, now_us);
    give_up(leg, false, now_us); /* it answers nothing else */
}

void azm_http_leg_close(struct azm_http_leg *leg, int64_t now_us)
{
    if (!leg)
        return;
    if (!leg->blind)
        azm_http_leg_end(leg, AZM_FROM_WORKER, now_us);
    leg->listener->close(leg->self);
    free(leg);
}

size_t azm_leg_pairs(const struct azm_http_head *head, struct azm_pair *out, size_t max)
{
    size_t count = head->field_count < max ? head->field_count : max;
    for (size_t i = 0; i < count; i++)
        out[i] = (struct azm_pair){head->fields[i].name, head->fields[i].value};
    return count;
}
