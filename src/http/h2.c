#include "http/h2.h"

#include <nghttp2/nghttp2.h>

enum frame_type {
    DATA = 0x0,
    HEADERS = 0x1,
    RST_STREAM = 0x3,
    SETTINGS = 0x4,
    PUSH_PROMISE = 0x5,
    GOAWAY = 0x7,
    CONTINUATION = 0x9,
};

enum { END_STREAM = 0x1, ACK = 0x1, END_HEADERS = 0x4, PADDED = 0x8, PRIORITY = 0x20 };

enum { HEAD_SIZE = 9, PREFACE_SIZE = 24, SETTING_SIZE = 6, SETTINGS_HEADER_TABLE_SIZE = 1 };

/*  preface | head | pad length | priority, promised id | content: data, block, setting, words, skipped | padding  */
enum step {
    STEP_PREFACE, /* left: bytes of it */
    STEP_HEAD,
    STEP_PAD_LENGTH, /* from here on left: bytes of the frame, padding still included */
    STEP_PREFIX,     /* bytes before a header block, wanted from no one */
    STEP_DATA,       /* left: without padding */
    STEP_BLOCK,
    STEP_SETTING,
    STEP_WORDS,
    STEP_SKIP,
    STEP_PADDING,
};

#define UNCHANGED UINT32_MAX

static const char preface[] = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

static uint32_t be32(const uint8_t *p)
{
    return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

void azm_h2_init_client(struct azm_h2 *h2, const struct azm_h2_handler *handler, void *self)
{
    *h2 = (struct azm_h2){.handler = handler, .self = self, .step = STEP_PREFACE, .left = PREFACE_SIZE};
}

void azm_h2_init_server(struct azm_h2 *h2, struct azm_h2 *client, const struct azm_h2_handler *handler, void *self)
{
    *h2 = (struct azm_h2){.handler = handler, .self = self, .client = client, .step = STEP_HEAD};
}

void azm_h2_dispose(struct azm_h2 *h2)
{
    if (h2->inflater)
        nghttp2_hd_inflate_del(h2->inflater);
    *h2 = (struct azm_h2){.status = AZM_BAD_INPUT};
}

/* The client has acknowledged the oldest SETTINGS: from its next header block on it keeps to them (RFC 9113, 6.5.3). */
static enum azm_status acknowledged(struct azm_h2 *client)
{
    if (client->settings_count == 0)
        return AZM_OK; /* nothing we were shown, perhaps because the other direction is blind */
    uint32_t size = client->table_sizes[0];
    client->settings_count--;
    memmove(client->table_sizes, client->table_sizes + 1, client->settings_count * sizeof client->table_sizes[0]);
    if (size == UNCHANGED)
        return AZM_OK;
    if (!client->inflater && nghttp2_hd_inflate_new(&client->inflater) != 0)
        return AZM_NO_MEMORY;
    return nghttp2_hd_inflate_change_table_size(client->inflater, size) == 0 ? AZM_OK : AZM_NO_MEMORY;
}

static enum azm_status announced(struct azm_h2 *client, uint32_t table_size)
{
    if (client->settings_count == AZM_H2_SETTINGS_MAX)
        return AZM_BAD_INPUT;
    client->table_sizes[client->settings_count++] = table_size;
    return AZM_OK;
}

static enum azm_status inflate_failed(ptrdiff_t error)
{
    return error == NGHTTP2_ERR_NOMEM ? AZM_NO_MEMORY : AZM_BAD_INPUT;
}

/* final: nothing of the header block comes after these bytes. */
static enum azm_status inflate(struct azm_h2 *h2, const uint8_t *in, size_t len, bool final)
{
    if (!h2->inflater && nghttp2_hd_inflate_new(&h2->inflater) != 0)
        return AZM_NO_MEMORY;
    for (;;) {
        nghttp2_nv nv;
        int flags = 0;
        ptrdiff_t taken = nghttp2_hd_inflate_hd2(h2->inflater, &nv, &flags, in, len, final);
        if (taken < 0)
            return inflate_failed(taken);
        in += taken;
        len -= (size_t)taken;
        if (flags & NGHTTP2_HD_INFLATE_EMIT && h2->handler->on_header)
            h2->handler->on_header(h2->self, h2->stream, azm_slice_of(nv.name, nv.namelen),
                                   azm_slice_of(nv.value, nv.valuelen));
        if (flags & NGHTTP2_HD_INFLATE_FINAL)
            return nghttp2_hd_inflate_end_headers(h2->inflater) == 0 ? AZM_OK : AZM_BAD_INPUT;
        if (!(flags & NGHTTP2_HD_INFLATE_EMIT) && len == 0)
            return AZM_OK;
    }
}

static void stream_ended(struct azm_h2 *h2)
{
    if (h2->handler->on_stream_end)
        h2->handler->on_stream_end(h2->self, h2->stream);
}

/* The frame's last byte but for padding has come: nothing more is handed out of a header block after this. */
static enum azm_status content_ended(struct azm_h2 *h2)
{
    if (h2->type == SETTINGS && !(h2->flags & ACK))
        return h2->client ? announced(h2->client, h2->table_size) : AZM_OK;
    if (h2->type != HEADERS && h2->type != CONTINUATION && h2->type != PUSH_PROMISE)
        return AZM_OK;
    h2->block_open = !(h2->flags & END_HEADERS);
    return h2->block_open || h2->block_skipped ? AZM_OK : inflate(h2, h2->small, 0, true);
}

static void frame_ended(struct azm_h2 *h2)
{
    h2->step = STEP_HEAD;
    h2->have = 0;
    bool block = h2->type == HEADERS || h2->type == CONTINUATION;
    if (h2->type == DATA && h2->flags & END_STREAM) {
        stream_ended(h2);
    } else if (block && !h2->block_open && !h2->block_promised) {
        if (h2->handler->on_headers_end)
            h2->handler->on_headers_end(h2->self, h2->stream, h2->block_ends_stream);
        if (h2->block_ends_stream)
            stream_ended(h2);
    }
}

static enum azm_status end_content(struct azm_h2 *h2)
{
    enum azm_status st = content_ended(h2);
    h2->left = h2->padding;
    h2->padding = 0;
    h2->step = STEP_PADDING;
    if (st == AZM_OK && h2->left == 0)
        frame_ended(h2);
    return st;
}

static enum azm_status begin_content(struct azm_h2 *h2, enum step step)
{
    h2->step = (uint8_t)step;
    h2->have = 0;
    return h2->left == 0 ? end_content(h2) : AZM_OK;
}

/* After the pad length: what stands between it and the header block. */
static enum azm_status begin_padded(struct azm_h2 *h2)
{
    uint32_t prefix = h2->type == PUSH_PROMISE ? 4 : h2->type == HEADERS && h2->flags & PRIORITY ? 5 : 0;
    if (h2->left < prefix + h2->padding)
        return AZM_BAD_INPUT;
    h2->left -= prefix + h2->padding;
    h2->have = (uint8_t)prefix;
    if (prefix) {
        h2->step = STEP_PREFIX;
        return AZM_OK;
    }
    return begin_content(h2, h2->type == DATA ? STEP_DATA : h2->block_skipped ? STEP_SKIP : STEP_BLOCK);
}

static enum azm_status begin_headers(struct azm_h2 *h2)
{
    h2->block_open = true;
    h2->block_promised = h2->type == PUSH_PROMISE;
    h2->block_skipped = h2->client != NULL;
    h2->block_ends_stream = h2->flags & END_STREAM;
    return h2->type == PUSH_PROMISE && !h2->client ? AZM_BAD_INPUT : AZM_OK;
}

static enum azm_status begin_settings(struct azm_h2 *h2)
{
    h2->table_size = UNCHANGED;
    if (h2->stream != 0 || h2->left % SETTING_SIZE != 0 || (h2->flags & ACK && h2->left != 0))
        return AZM_BAD_INPUT;
    enum azm_status st = h2->flags & ACK && !h2->client ? acknowledged(h2) : AZM_OK;
    return st == AZM_OK ? begin_content(h2, STEP_SETTING) : st;
}

static enum azm_status begin_words(struct azm_h2 *h2)
{
    bool reset = h2->type == RST_STREAM;
    if ((h2->stream != 0) != reset || (reset ? h2->left != 4 : h2->left < 8))
        return AZM_BAD_INPUT;
    return begin_content(h2, STEP_WORDS);
}

/* The rules of order: SETTINGS first, and nothing between the frames of a header block. */
static bool in_order(const struct azm_h2 *h2, uint32_t stream)
{
    if (h2->block_open)
        return h2->type == CONTINUATION && stream == h2->stream;
    return h2->settings_seen || (h2->type == SETTINGS && !(h2->flags & ACK));
}

static enum azm_status begin_frame(struct azm_h2 *h2, const uint8_t head[HEAD_SIZE])
{
    uint32_t stream = be32(head + 5) & 0x7fffffff;
    enum azm_status st = AZM_OK;
    h2->left = be32(head) >> 8;
    h2->type = head[3];
    h2->flags = head[4];
    if (!in_order(h2, stream))
        return AZM_BAD_INPUT;
    h2->stream = stream;
    h2->settings_seen = true;
    switch (h2->type) {
    case HEADERS:
    case PUSH_PROMISE:
        st = begin_headers(h2);
        if (st != AZM_OK)
            return st;
        /* fall through */
    case DATA:
        if (stream == 0)
            return AZM_BAD_INPUT;
        h2->step = STEP_PAD_LENGTH;
        return h2->flags & PADDED ? h2->left ? AZM_OK : AZM_BAD_INPUT : begin_padded(h2);
    case CONTINUATION:
        return h2->block_open ? begin_content(h2, h2->block_skipped ? STEP_SKIP : STEP_BLOCK) : AZM_BAD_INPUT;
    case SETTINGS: return begin_settings(h2);
    case RST_STREAM:
    case GOAWAY: return begin_words(h2);
    default: return begin_content(h2, STEP_SKIP);
    }
}

/* Collects `size` bytes that may come in pieces; NULL until they are there. */
static const uint8_t *gather(struct azm_h2 *h2, azm_slice *in, size_t size)
{
    if (h2->have == 0 && in->len >= size) {
        const uint8_t *at = (const uint8_t *)in->ptr;
        *in = azm_slice_drop(*in, size);
        return at;
    }
    azm_slice piece = azm_slice_take(*in, size - h2->have);
    memcpy(h2->small + h2->have, piece.ptr, piece.len);
    h2->have = (uint8_t)(h2->have + piece.len);
    *in = azm_slice_drop(*in, piece.len);
    if (h2->have < size)
        return NULL;
    h2->have = 0;
    return h2->small;
}

/* The next piece of the frame's content. */
static azm_slice piece_of(struct azm_h2 *h2, azm_slice *in)
{
    azm_slice piece = azm_slice_take(*in, h2->left);
    *in = azm_slice_drop(*in, piece.len);
    h2->left -= (uint32_t)piece.len;
    return piece;
}

static enum azm_status read_preface(struct azm_h2 *h2, azm_slice *in)
{
    size_t at = PREFACE_SIZE - h2->left;
    azm_slice piece = piece_of(h2, in);
    if (memcmp(preface + at, piece.ptr, piece.len) != 0)
        return AZM_BAD_INPUT;
    if (h2->left == 0)
        h2->step = STEP_HEAD;
    return AZM_OK;
}

static enum azm_status read_prefix(struct azm_h2 *h2, azm_slice *in)
{
    azm_slice piece = azm_slice_take(*in, h2->have);
    *in = azm_slice_drop(*in, piece.len);
    h2->have = (uint8_t)(h2->have - piece.len);
    return h2->have ? AZM_OK : begin_content(h2, h2->block_skipped ? STEP_SKIP : STEP_BLOCK);
}

static enum azm_status read_setting(struct azm_h2 *h2, azm_slice *in)
{
    const uint8_t *at = gather(h2, in, SETTING_SIZE);
    if (!at)
        return AZM_OK;
    if ((at[0] << 8 | at[1]) == SETTINGS_HEADER_TABLE_SIZE) {
        uint32_t size = be32(at + 2);
        h2->table_size = size < AZM_H2_TABLE_MAX ? size : AZM_H2_TABLE_MAX;
    }
    h2->left -= SETTING_SIZE;
    return h2->left ? AZM_OK : end_content(h2);
}

static enum azm_status read_words(struct azm_h2 *h2, azm_slice *in)
{
    uint32_t size = h2->type == RST_STREAM ? 4 : 8;
    const uint8_t *at = gather(h2, in, size);
    if (!at)
        return AZM_OK;
    if (h2->type == RST_STREAM && h2->handler->on_reset)
        h2->handler->on_reset(h2->self, h2->stream, be32(at));
    if (h2->type == GOAWAY && h2->handler->on_goaway)
        h2->handler->on_goaway(h2->self, be32(at) & 0x7fffffff, be32(at + 4));
    h2->left -= size;
    return begin_content(h2, STEP_SKIP);
}

static enum azm_status read_content(struct azm_h2 *h2, azm_slice *in, enum step step)
{
    azm_slice piece = piece_of(h2, in);
    enum azm_status st = AZM_OK;
    if (step == STEP_DATA && h2->handler->on_data)
        h2->handler->on_data(h2->self, h2->stream, piece);
    else if (step == STEP_BLOCK)
        st = inflate(h2, (const uint8_t *)piece.ptr, piece.len, false);
    return st == AZM_OK && h2->left == 0 ? end_content(h2) : st;
}

/* Takes at least one byte off the front of *in. */
static enum azm_status advance(struct azm_h2 *h2, azm_slice *in)
{
    const uint8_t *head;
    switch ((enum step)h2->step) {
    case STEP_PREFACE: return read_preface(h2, in);
    case STEP_HEAD: head = gather(h2, in, HEAD_SIZE); return head ? begin_frame(h2, head) : AZM_OK;
    case STEP_PAD_LENGTH:
        h2->padding = (uint8_t)in->ptr[0];
        *in = azm_slice_drop(*in, 1);
        h2->left--;
        return begin_padded(h2);
    case STEP_PREFIX: return read_prefix(h2, in);
    case STEP_SETTING: return read_setting(h2, in);
    case STEP_WORDS: return read_words(h2, in);
    case STEP_DATA:
    case STEP_BLOCK:
    case STEP_SKIP: return read_content(h2, in, (enum step)h2->step);
    case STEP_PADDING:
        piece_of(h2, in);
        if (h2->left == 0)
            frame_ended(h2);
        return AZM_OK;
    }
    azm_unreachable();
}

enum azm_status azm_h2_feed(struct azm_h2 *h2, azm_slice bytes)
{
    enum azm_status st = (enum azm_status)h2->status;
    while (bytes.len && st == AZM_OK)
        st = advance(h2, &bytes);
    h2->status = (uint8_t)st;
    return st;
}
