#include "recording/control.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void frames(void **state)
{
    struct azm_buf out;
    struct azm_control_frame frame;
    (void)state;
    azm_buf_init(&out, 256);
    azm_control_put(&out, AZM_CONTROL_OPEN, 7, AZM_S(""));
    azm_control_put(&out, AZM_CONTROL_RECEIVED, 0x01020304, AZM_S("abc"));
    azm_slice in = azm_buf_slice(&out);
    assert_int_equal(azm_control_next(&in, &frame), AZM_OK);
    assert_int_equal(frame.verb, AZM_CONTROL_OPEN);
    assert_int_equal(frame.connection, 7);
    assert_int_equal(frame.bytes.len, 0);
    for (size_t len = 0; len < in.len; len++) {
        azm_slice part = azm_slice_take(in, len);
        assert_int_equal(azm_control_next(&part, &frame), AZM_MORE);
        assert_int_equal(part.len, len);
    }
    assert_int_equal(azm_control_next(&in, &frame), AZM_OK);
    assert_int_equal(frame.connection, 0x01020304);
    assert_true(azm_slice_eq(frame.bytes, AZM_S("abc")));
    assert_int_equal(in.len, 0);
    azm_buf_dispose(&out);
}

static void refused(void **state)
{
    static const struct {
        azm_slice in;
        enum azm_status status;
    } cases[] = {
        {AZM_S("\0\0\0\0\1\0\0\0\0"), AZM_BAD_INPUT},
        {AZM_S("\x0d\0\0\0\1\0\0\0\0"), AZM_BAD_INPUT},
        {AZM_S("\2\0\0\0\1\xff\xff\xff\xff"), AZM_TOO_BIG},
        {AZM_S("\2\0\0\0\1\0\x10\0\1"), AZM_TOO_BIG},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        azm_slice in = cases[i].in;
        struct azm_control_frame frame;
        assert_int_equal(azm_control_next(&in, &frame), cases[i].status);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frames),
        cmocka_unit_test(refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
