/* One conversation, framed in many ways: whatever the framing, the same headers and the same data. */
#include "http/h2_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>
#include <nghttp2/nghttp2.h>

#include "base/random.h"

#define ROUNDS   300
#define REQUESTS 12

/* How a conversation is framed. Zeroed: as plainly as can be. */
struct style {
    bool padded, priority, split, noise;
    struct azm_random random;
};

static uint32_t below(struct style *style, uint32_t end)
{
    return (uint32_t)(azm_random_u64(&style->random) % end);
}

static bool sometimes(struct style *style, bool allowed)
{
    return allowed && below(style, 2);
}

static void put_head(struct azm_buf *out, size_t length, uint8_t type, uint8_t flags, uint32_t stream)
{
    const uint8_t head[9] = {
        (uint8_t)(length >> 16), (uint8_t)(length >> 8),  (uint8_t)length,        type,           flags,
        (uint8_t)(stream >> 24), (uint8_t)(stream >> 16), (uint8_t)(stream >> 8), (uint8_t)stream};
    azm_buf_add(out, azm_slice_of(head, sizeof head));
}

static void put_noise(struct azm_buf *out, struct style *style, uint32_t stream)
{
    switch (below(style, 5)) {
    case 0:
        put_head(out, 8, 0x6, 0, 0);
        azm_buf_add(out, AZM_S("pingping"));
        break;
    case 1:
        put_head(out, 5, 0xfe, 0xff, stream);
        azm_buf_add(out, AZM_S("\0\0\1\0\1"));
        break;
    case 2:
        put_head(out, 4, 0x8, 0, 0);
        azm_buf_add(out, AZM_S("\0\0\1\0"));
        break;
    case 3: put_head(out, 0, 0x0, 0, stream); break; /* empty DATA */
    default: break;
    }
}

static void put_frame(struct azm_buf *out, struct style *style, uint8_t type, uint8_t flags, uint32_t stream,
                      azm_slice content)
{
    bool padded = sometimes(style, style->padded && type != 0x9);
    bool priority = sometimes(style, style->priority && type == 0x1);
    uint8_t padding = padded ? (uint8_t)below(style, 256) : 0;
    put_head(out, content.len + padded + padding + (priority ? 5 : 0), type,
             (uint8_t)(flags | (padded ? 0x8 : 0) | (priority ? 0x20 : 0)), stream);
    if (padded)
        azm_buf_add_byte(out, padding);
    if (priority)
        azm_buf_add(out, AZM_S("\0\0\0\0\x10"));
    azm_buf_add(out, content);
    for (unsigned i = 0; i < padding; i++)
        azm_buf_add_byte(out, 0);
}

static void put_block(struct azm_buf *out, struct style *style, uint32_t stream, azm_slice block, bool ends)
{
    uint8_t type = 0x1, flags = ends ? 0x1 : 0;
    for (bool last = false; !last; type = 0x9, flags = 0) {
        azm_slice piece = azm_slice_take(block, style->split ? below(style, 9) : block.len);
        block = azm_slice_drop(block, piece.len);
        last = block.len == 0 && !sometimes(style, style->split);
        put_frame(out, style, type, (uint8_t)(flags | (last ? 0x4 : 0)), stream, piece);
    }
}

static void put_data(struct azm_buf *out, struct style *style, uint32_t stream, azm_slice data)
{
    for (bool last = false; !last;) {
        azm_slice piece = azm_slice_take(data, style->split ? below(style, 700) : data.len);
        data = azm_slice_drop(data, piece.len);
        last = data.len == 0;
        put_frame(out, style, 0x0, last ? 0x1 : 0, stream, piece);
        if (sometimes(style, style->noise))
            put_noise(out, style, stream);
    }
}

static azm_slice deflate(nghttp2_hd_deflater *deflater, unsigned request, uint8_t *storage, size_t size)
{
    char path[64], secret[] = "s3cret";
    int n = snprintf(path, sizeof path, "/AzureFunctionsRpcMessages.FunctionRpc/EventStream%u", request % 3);
    nghttp2_nv fields[] = {
        {(uint8_t *)":method", (uint8_t *)"POST", 7, 4, 0},
        {(uint8_t *)":path", (uint8_t *)path, 5, (size_t)n, 0},
        {(uint8_t *)"te", (uint8_t *)"trailers", 2, 8, 0},
        {(uint8_t *)"authorization", (uint8_t *)secret, 13, 6, NGHTTP2_NV_FLAG_NO_INDEX},
    };
    ssize_t len = nghttp2_hd_deflate_hd(deflater, storage, size, fields, AZM_COUNT(fields));
    assert_true(len > 0);
    return azm_slice_of(storage, (size_t)len);
}

static void put_conversation(struct azm_buf *out, struct style *style)
{
    nghttp2_hd_deflater *deflater;
    uint8_t storage[512];
    char body[3000];
    assert_int_equal(nghttp2_hd_deflate_new(&deflater, 4096), 0);
    azm_buf_add(out, AZM_S("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"));
    put_head(out, 0, 0x4, 0, 0);
    for (unsigned r = 0; r < REQUESTS; r++) {
        uint32_t stream = 1 + 2 * r;
        memset(body, 'a' + (int)r, sizeof body);
        put_block(out, style, stream, deflate(deflater, r, storage, sizeof storage), r % 4 == 3);
        if (r % 4 != 3)
            put_data(out, style, stream, azm_slice_of(body, r * 250));
        if (sometimes(style, style->noise))
            put_noise(out, style, stream);
    }
    nghttp2_hd_deflate_del(deflater);
    assert_false(out->failed);
}

static void watch(azm_slice in, struct style *style, bool cut, struct azm_buf *text)
{
    struct azm_h2_log log = {.data_stream = 0};
    struct azm_h2 h2;
    azm_buf_clear(text);
    log.text = *text;
    azm_h2_init_client(&h2, &azm_h2_log_handler, &log);
    while (in.len) {
        azm_slice piece = azm_slice_take(in, cut ? 1 + below(style, 60) : in.len);
        assert_int_equal(azm_h2_feed(&h2, piece), AZM_OK);
        in = azm_slice_drop(in, piece.len);
    }
    azm_h2_dispose(&h2);
    *text = log.text;
    assert_false(text->failed);
}

static void same_events_however_framed(void **state)
{
    struct style style = {.padded = false};
    struct azm_buf bytes, plain, other;
    (void)state;
    azm_random_init(&style.random, (uint64_t[4]){1, 2, 3, 4});
    azm_buf_init(&bytes, 1 << 20);
    azm_buf_init(&plain, 1 << 20);
    azm_buf_init(&other, 1 << 20);
    put_conversation(&bytes, &style);
    watch(azm_buf_slice(&bytes), &style, false, &plain);
    assert_true(azm_slice_search(azm_buf_slice(&plain), AZM_S("23 :path=/AzureFunctionsRpcMessages.")) < plain.len);
    for (unsigned round = 0; round < ROUNDS; round++) {
        style.padded = round & 1;
        style.priority = round & 2;
        style.split = round & 4;
        style.noise = round & 8;
        azm_buf_clear(&bytes);
        put_conversation(&bytes, &style);
        watch(azm_buf_slice(&bytes), &style, round & 16, &other);
        assert_true(azm_slice_eq(azm_buf_slice(&other), azm_buf_slice(&plain)));
    }
    azm_buf_dispose(&bytes);
    azm_buf_dispose(&plain);
    azm_buf_dispose(&other);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_events_however_framed)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
