/* A connection of HTTP/1.x messages, read at once and byte by byte: the same heads and the same content.
 * First byte: odd for responses, whose requests were GET, HEAD and CONNECT by the next two bits. */
#include <stdlib.h>

#include "http/body.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct reader {
    bool responses;
    azm_slice method;
    uint64_t digest; /* of all heads and content */
    size_t messages, content;
};

static enum azm_status read_head(const struct reader *reader, azm_slice in, size_t seen, struct azm_http_head *head)
{
    return reader->responses ? azm_http_read_response(in, seen, head) : azm_http_read_request(in, seen, head);
}

/* Finds the head's end as a slow connection would. */
static enum azm_status read_head_bytewise(const struct reader *reader, azm_slice in, struct azm_http_head *head)
{
    enum azm_status st = AZM_MORE;
    for (size_t len = 1, seen = 0; len <= in.len && st == AZM_MORE; seen = len++)
        st = read_head(reader, azm_slice_take(in, len), seen, head);
    return st;
}

static void digest(struct reader *reader, azm_slice bytes)
{
    for (size_t i = 0; i < bytes.len; i++)
        reader->digest = (reader->digest ^ (uint8_t)bytes.ptr[i]) * 0x100000001b3u;
}

static enum azm_status read_body(struct reader *reader, struct azm_http_body *body, azm_slice *in, bool bytewise)
{
    azm_slice piece;
    for (;;) {
        azm_slice now = bytewise ? azm_slice_take(*in, 1) : *in;
        size_t len = now.len;
        enum azm_status st = azm_http_body_next(body, &now, &piece);
        *in = azm_slice_drop(*in, len - now.len);
        if (st == AZM_OK) {
            reader->content += piece.len;
            digest(reader, piece);
        } else if (st != AZM_MORE || in->len == 0) {
            return st;
        }
    }
}

static enum azm_status run(struct reader *reader, azm_slice in, bool bytewise)
{
    struct azm_http_head head;
    struct azm_http_body body;
    enum azm_status st = AZM_END;
    while (in.len && st == AZM_END) {
        st = bytewise ? read_head_bytewise(reader, in, &head) : read_head(reader, in, 0, &head);
        if (st != AZM_OK)
            return st;
        digest(reader, azm_slice_take(in, head.size));
        in = azm_slice_drop(in, head.size);
        reader->messages++;
        st = reader->responses ? azm_http_body_of_response(&body, &head, reader->method)
                               : azm_http_body_of_request(&body, &head);
        if (st == AZM_OK)
            st = read_body(reader, &body, &in, bytewise);
    }
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const methods[] = {"GET", "HEAD", "CONNECT", "POST"};
    if (size == 0)
        return 0;
    struct reader whole = {data[0] & 1, azm_slice_str(methods[data[0] >> 1 & 3]), 0, 0, 0}, bytes = whole;
    azm_slice in = azm_slice_of(data + 1, size - 1);
    if (run(&whole, in, false) != run(&bytes, in, true))
        abort();
    if (whole.digest != bytes.digest || whole.messages != bytes.messages || whole.content != bytes.content)
        abort();
    return 0;
}
