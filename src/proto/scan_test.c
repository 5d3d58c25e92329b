#include "proto/scan.h"
#include "proto/wire.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

enum { SLOT_NAME, SLOT_INNER, SLOT_KEY, SLOT_VALUE, SLOT_COUNT, SLOT_FIXED };

static const struct azm_scan_rule inner_rules[] = {
    {1, AZM_SCAN_TAKE, SLOT_KEY, NULL},
    {2, AZM_SCAN_TAKE, SLOT_VALUE, NULL},
    {7, AZM_SCAN_NUMBER, SLOT_FIXED, NULL},
};
static const struct azm_scan_message inner = {inner_rules, 3};
static const struct azm_scan_rule root_rules[] = {
    {1, AZM_SCAN_TAKE, SLOT_NAME, NULL},
    {3, AZM_SCAN_ENTER, SLOT_INNER, &inner},
    {200, AZM_SCAN_NUMBER, SLOT_COUNT, NULL},
};
static const struct azm_scan_message root = {root_rules, 3};

/* Writes down what the scanner hands out, as text. */
struct journal {
    struct azm_buf text;
    char store[16];
};

static struct azm_scan_target want(void *self, unsigned slot, uint64_t len)
{
    struct journal *journal = self;
    azm_buf_addf(&journal->text, "?%u:%u ", slot, (unsigned)len);
    return slot == SLOT_VALUE && len == 3 ? (struct azm_scan_target){NULL, 0, false}
                                          : (struct azm_scan_target){journal->store, sizeof journal->store, false};
}

static void took(void *self, unsigned slot, size_t copied, uint64_t len)
{
    struct journal *journal = self;
    azm_buf_addf(&journal->text, "%u=%.*s/%u ", slot, (int)copied, journal->store, (unsigned)len);
}

static void number(void *self, unsigned slot, uint64_t value)
{
    azm_buf_addf(&((struct journal *)self)->text, "%u=#%llx ", slot, (unsigned long long)value);
}

static void enter(void *self, unsigned slot)
{
    azm_buf_addf(&((struct journal *)self)->text, "(%u ", slot);
}

static void leave(void *self, unsigned slot)
{
    azm_buf_addf(&((struct journal *)self)->text, ")%u ", slot);
}

static const struct azm_scan_handler handler = {want, took, number, enter, leave, NULL};

/* Feeds in pieces: the first `cut` bytes, then the rest; cut SIZE_MAX means byte by byte. */
static enum azm_status run(azm_slice message, size_t cut, struct journal *journal)
{
    struct azm_scan scan;
    enum azm_status st = AZM_OK;
    azm_scan_begin(&scan, &root, message.len, &handler, journal);
    while (message.len && st == AZM_OK) {
        azm_slice piece = azm_slice_take(message, cut == SIZE_MAX ? 1 : cut ? cut : message.len);
        cut = cut == SIZE_MAX ? cut : 0;
        message = azm_slice_drop(message, piece.len);
        st = azm_scan_feed(&scan, piece);
    }
    return st;
}

static void sample(struct azm_buf *out)
{
    azm_wire_put_bytes(out, 1, AZM_S("hello"));
    size_t at = azm_wire_begin(out, 3);
    azm_wire_put_bytes(out, 1, AZM_S("key"));
    azm_wire_put_bytes(out, 2, AZM_S("value"));
    azm_wire_put_fixed64(out, 7, 0x1122334455667788);
    azm_wire_put_uint(out, 9, UINT64_MAX);
    azm_wire_end(out, at);
    azm_wire_end(out, azm_wire_begin(out, 3));
    azm_wire_put_bytes(out, 15, AZM_S("nobody wants this"));
    at = azm_wire_begin(out, 3);
    azm_wire_put_bytes(out, 2, AZM_S("abc"));
    azm_wire_put_bytes(out, 1, AZM_S(""));
    azm_wire_end(out, at);
    azm_wire_put_uint(out, 200, 300);
    azm_wire_put_bytes(out, 1, AZM_S("longer than the sixteen bytes"));
}

static const char expected[] = "?0:5 0=hello/5 (1 ?2:3 2=key/3 ?3:5 3=value/5 5=#1122334455667788 )1 (1 )1 "
                               "(1 ?3:3 ?2:0 2=/0 )1 4=#12c ?0:29 0=longer than the /29 ";

static void any_cut_gives_the_same(void **state)
{
    (void)state;
    struct azm_buf message;
    struct journal journal;
    azm_buf_init(&message, 4096);
    azm_buf_init(&journal.text, 65536);
    sample(&message);
    for (size_t cut = 0; cut <= message.len; cut++) {
        azm_buf_clear(&journal.text);
        assert_int_equal(run(azm_buf_slice(&message), cut == message.len ? SIZE_MAX : cut, &journal), AZM_END);
        azm_buf_add_byte(&journal.text, 0);
        assert_string_equal(journal.text.ptr, expected);
    }
    azm_buf_dispose(&message);
    azm_buf_dispose(&journal.text);
}

static struct azm_scan_target want_watched(void *self, unsigned slot, uint64_t len)
{
    struct azm_scan_target target = want(self, slot, len);
    target.watched = slot == SLOT_VALUE && len == 5;
    return target;
}

static void cross_out(void *self, unsigned slot, azm_slice piece)
{
    (void)self;
    assert_int_equal(slot, SLOT_VALUE);
    for (size_t i = 0; i < piece.len; i++)
        *(char *)(uintptr_t)(piece.ptr + i) = '*';
}

/* Every byte of the one watched value is shown where it lies, and no other byte. */
static void a_watched_value_can_be_overwritten_at_any_cut(void **state)
{
    static const struct azm_scan_handler watching = {want_watched, took, number, enter, leave, cross_out};
    struct azm_buf clean, message;
    struct journal journal;
    (void)state;
    azm_buf_init(&clean, 4096);
    azm_buf_init(&message, 4096);
    azm_buf_init(&journal.text, 65536);
    sample(&clean);
    size_t at = 0;
    while (memcmp(clean.ptr + at, "value", 5) != 0)
        at++;
    for (size_t cut = 0; cut <= clean.len; cut++) {
        struct azm_scan scan;
        azm_buf_clear(&message);
        azm_buf_add(&message, azm_buf_slice(&clean));
        azm_slice whole = azm_buf_slice(&message);
        azm_scan_begin(&scan, &root, whole.len, &watching, &journal);
        assert_int_equal(azm_scan_feed(&scan, azm_slice_take(whole, cut)), cut == whole.len ? AZM_END : AZM_OK);
        if (cut < whole.len)
            assert_int_equal(azm_scan_feed(&scan, azm_slice_drop(whole, cut)), AZM_END);
        assert_memory_equal(message.ptr, clean.ptr, at);
        assert_memory_equal(message.ptr + at, "*****", 5);
        assert_memory_equal(message.ptr + at + 5, clean.ptr + at + 5, clean.len - at - 5);
    }
    azm_buf_dispose(&clean);
    azm_buf_dispose(&message);
    azm_buf_dispose(&journal.text);
}

static void every_truncation_is_bad_or_unfinished(void **state)
{
    (void)state;
    struct azm_buf message;
    struct journal journal;
    azm_buf_init(&message, 4096);
    azm_buf_init(&journal.text, 65536);
    sample(&message);
    for (size_t len = 1; len < message.len; len++) { /* the length promised is the whole, the bytes are fewer */
        struct azm_scan scan;
        azm_buf_clear(&journal.text);
        azm_scan_begin(&scan, &root, message.len, &handler, &journal);
        assert_int_equal(azm_scan_feed(&scan, (azm_slice){message.ptr, len}), AZM_OK);
    }
    azm_buf_dispose(&message);
    azm_buf_dispose(&journal.text);
}

static const struct {
    const char *what;
    azm_slice bytes;
    enum azm_status status;
} rows[] = {
    {"a field without content", AZM_S("\x08"), AZM_BAD_INPUT},
    {"field number 0", AZM_S("\x00\x01"), AZM_BAD_INPUT},
    {"a group", AZM_S("\x0b\x0c"), AZM_BAD_INPUT},
    {"wire type 6", AZM_S("\x0e"), AZM_BAD_INPUT},
    {"longer than the message",
     AZM_S("\x0a\x05"
           "abcd"),
     AZM_BAD_INPUT},
    {"child longer than its parent",
     AZM_S("\x1a\x03\x0a\x05"
           "abcde"),
     AZM_BAD_INPUT},
    {"fixed64 past its parent",
     AZM_S("\x1a\x03\x39"
           "abcdefgh"),
     AZM_BAD_INPUT},
    {"varint past its parent", AZM_S("\x1a\x02\x38\x80\x01"), AZM_BAD_INPUT},
    {"varint of 11 bytes", AZM_S("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), AZM_BAD_INPUT},
    {"varint over 64 bits", AZM_S("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"), AZM_BAD_INPUT},
    {"largest varint", AZM_S("\x08\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"), AZM_END},
    {"number where bytes are wanted", AZM_S("\x08\x01"), AZM_END},
    {"bytes where a number is wanted", AZM_S("\xc2\x0c\x01x"), AZM_END},
    {"fixed32",
     AZM_S("\x0d"
           "abcd"),
     AZM_END},
};

static void malformed_messages_are_named(void **state)
{
    (void)state;
    struct journal journal;
    azm_buf_init(&journal.text, 65536);
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        for (int each = 0; each < 2; each++) {
            enum azm_status st = run(rows[i].bytes, each ? SIZE_MAX : 0, &journal);
            if (st != rows[i].status)
                print_error("%s: %s\n", rows[i].what, azm_status_text(st));
            assert_int_equal(st, rows[i].status);
        }
    azm_buf_dispose(&journal.text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(any_cut_gives_the_same),
        cmocka_unit_test(a_watched_value_can_be_overwritten_at_any_cut),
        cmocka_unit_test(every_truncation_is_bad_or_unfinished),
        cmocka_unit_test(malformed_messages_are_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
