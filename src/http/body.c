#include "http/body.h"

/*  size ;extension CR LF  data CR LF ... 0 CR LF  trailer CR LF ... CR LF  */
enum step {
    STEP_SIZE,
    STEP_SPACE, /* between size and extension: only white space */
    STEP_EXTENSION,
    STEP_SIZE_LF,
    STEP_DATA,
    STEP_DATA_CR,
    STEP_DATA_LF,
    STEP_TRAILER_START,
    STEP_TRAILER,
    STEP_TRAILER_LF,
    STEP_END_LF,
    STEP_DONE,
    STEP_BAD,
};

#define DIGITS_MAX 15 /* of a chunk's size: it stays below 2^60 */

static void frame(struct azm_http_body *body, enum azm_http_framing framing, uint64_t left)
{
    bool done = framing == AZM_HTTP_NO_BODY || (framing == AZM_HTTP_LENGTH && left == 0);
    enum step step = framing == AZM_HTTP_CHUNKED ? STEP_SIZE : done ? STEP_DONE : STEP_DATA;
    *body = (struct azm_http_body){.framing = framing, .step = (uint8_t)step, .left = left};
}

/* AZM_NOT_FOUND when there is none. The same number twice is one number (RFC 9112, 6.3). */
static enum azm_status content_length(const struct azm_http_head *head, uint64_t *out)
{
    enum azm_status st = AZM_NOT_FOUND;
    for (size_t i = 0; i < head->field_count; i++) {
        azm_slice list = head->fields[i].value, part;
        uint64_t value;
        if (!azm_slice_eq_nocase(head->fields[i].name, AZM_S("content-length")))
            continue;
        while (azm_slice_split(&list, ',', &part)) {
            if (azm_slice_to_u64(azm_slice_trim(part), &value) != AZM_OK || (st == AZM_OK && value != *out))
                return AZM_BAD_INPUT;
            *out = value;
            st = AZM_OK;
        }
    }
    return st;
}

/* How often chunked is named, and whether it is the last coding. */
static unsigned codings(const struct azm_http_head *head, bool *any, bool *chunked_last)
{
    unsigned chunked = 0;
    *any = *chunked_last = false;
    for (size_t i = 0; i < head->field_count; i++) {
        azm_slice list = head->fields[i].value, part;
        if (!azm_slice_eq_nocase(head->fields[i].name, AZM_S("transfer-encoding")))
            continue;
        *any = true;
        while (azm_slice_split(&list, ',', &part)) {
            *chunked_last = azm_slice_eq_nocase(azm_slice_trim(part), AZM_S("chunked"));
            chunked += *chunked_last;
        }
    }
    return chunked;
}

static enum azm_status frame_by_fields(struct azm_http_body *body, const struct azm_http_head *head,
                                       enum azm_http_framing otherwise)
{
    uint64_t length = 0;
    bool coded, chunked_last;
    unsigned chunked = codings(head, &coded, &chunked_last);
    enum azm_status has_length = content_length(head, &length);
    if (has_length == AZM_BAD_INPUT || (coded && has_length == AZM_OK) || (coded && head->minor == 0) || chunked > 1 ||
        (chunked && !chunked_last))
        return AZM_BAD_INPUT;
    if (coded && !chunked && otherwise == AZM_HTTP_NO_BODY)
        return AZM_BAD_INPUT; /* a request's end must be known */
    if (chunked)
        frame(body, AZM_HTTP_CHUNKED, 0);
    else if (has_length == AZM_OK)
        frame(body, AZM_HTTP_LENGTH, length);
    else
        frame(body, otherwise, 0);
    return AZM_OK;
}

enum azm_status azm_http_body_of_request(struct azm_http_body *body, const struct azm_http_head *head)
{
    frame(body, AZM_HTTP_NO_BODY, 0);
    return frame_by_fields(body, head, AZM_HTTP_NO_BODY);
}

enum azm_status azm_http_body_of_response(struct azm_http_body *body, const struct azm_http_head *head,
                                          azm_slice request_method)
{
    bool connected = azm_slice_eq(request_method, AZM_S("CONNECT")) && head->status / 100 == 2;
    bool bodiless = head->status / 100 == 1 || head->status == 204 || head->status == 304 ||
                    azm_slice_eq(request_method, AZM_S("HEAD"));
    frame(body, head->status == 101 || connected ? AZM_HTTP_TUNNEL : AZM_HTTP_NO_BODY, 0);
    return body->framing == AZM_HTTP_TUNNEL || bodiless ? AZM_OK : frame_by_fields(body, head, AZM_HTTP_UNTIL_CLOSE);
}

static int hex_digit(unsigned char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static bool is_text(unsigned char c)
{
    return (c >= ' ' && c != 0x7f) || c == '\t';
}

static enum step in_size(struct azm_http_body *body, unsigned char c)
{
    int digit = hex_digit(c);
    if (digit >= 0 && body->digits < DIGITS_MAX) {
        body->left = body->left << 4 | (unsigned)digit;
        body->digits++;
        return STEP_SIZE;
    }
    if (digit >= 0 || body->digits == 0)
        return STEP_BAD;
    return c == ';' ? STEP_EXTENSION : c == '\r' ? STEP_SIZE_LF : c == ' ' || c == '\t' ? STEP_SPACE : STEP_BAD;
}

/* The step after byte c, everywhere but in a chunk's data. */
static enum step after(struct azm_http_body *body, unsigned char c)
{
    switch ((enum step)body->step) {
    case STEP_SIZE: return in_size(body, c);
    case STEP_SPACE:
        return c == ';' ? STEP_EXTENSION : c == '\r' ? STEP_SIZE_LF : c == ' ' || c == '\t' ? STEP_SPACE : STEP_BAD;
    case STEP_EXTENSION: return c == '\r' ? STEP_SIZE_LF : is_text(c) ? STEP_EXTENSION : STEP_BAD;
    case STEP_SIZE_LF: return c != '\n' ? STEP_BAD : body->left ? STEP_DATA : STEP_TRAILER_START;
    case STEP_DATA_CR: return c == '\r' ? STEP_DATA_LF : STEP_BAD;
    case STEP_DATA_LF: body->digits = 0; return c == '\n' ? STEP_SIZE : STEP_BAD;
    case STEP_TRAILER_START: return c == '\r' ? STEP_END_LF : is_text(c) ? STEP_TRAILER : STEP_BAD;
    case STEP_TRAILER: return c == '\r' ? STEP_TRAILER_LF : is_text(c) ? STEP_TRAILER : STEP_BAD;
    case STEP_TRAILER_LF: return c == '\n' ? STEP_TRAILER_START : STEP_BAD;
    case STEP_END_LF: return c == '\n' ? STEP_DONE : STEP_BAD;
    case STEP_DATA:
    case STEP_DONE:
    case STEP_BAD: break;
    }
    return STEP_BAD;
}

static void take_content(struct azm_http_body *body, azm_slice *in, azm_slice *piece)
{
    bool endless = body->framing == AZM_HTTP_UNTIL_CLOSE || body->framing == AZM_HTTP_TUNNEL;
    *piece = body->left < in->len && !endless ? azm_slice_take(*in, (size_t)body->left) : *in;
    *in = azm_slice_drop(*in, piece->len);
    if (endless)
        return;
    body->left -= piece->len;
    if (body->left == 0)
        body->step = body->framing == AZM_HTTP_CHUNKED ? STEP_DATA_CR : STEP_DONE;
}

enum azm_status azm_http_body_next(struct azm_http_body *body, azm_slice *in, azm_slice *piece)
{
    while (in->len && body->step != STEP_DATA && body->step != STEP_DONE && body->step != STEP_BAD) {
        body->step = (uint8_t)after(body, (unsigned char)in->ptr[0]);
        *in = azm_slice_drop(*in, 1);
    }
    if (body->step == STEP_DONE || body->step == STEP_BAD)
        return body->step == STEP_DONE ? AZM_END : AZM_BAD_INPUT;
    if (in->len == 0)
        return AZM_MORE;
    take_content(body, in, piece);
    return AZM_OK;
}

bool azm_http_body_may_end(const struct azm_http_body *body)
{
    return body->step == STEP_DONE || body->framing == AZM_HTTP_UNTIL_CLOSE || body->framing == AZM_HTTP_TUNNEL;
}
