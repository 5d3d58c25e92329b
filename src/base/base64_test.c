#include "base/base64.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void both_ways(void **state)
{
    static const struct {
        azm_slice bytes, text;
    } cases[] = {
        {AZM_S(""), AZM_S("")},
        {AZM_S("f"), AZM_S("Zg==")},
        {AZM_S("fo"), AZM_S("Zm8=")},
        {AZM_S("foo"), AZM_S("Zm9v")},
        {AZM_S("foobar"), AZM_S("Zm9vYmFy")},
        {AZM_S("\0\xff\x10"), AZM_S("AP8Q")},
        {AZM_S("\xfb\xff\xbf"), AZM_S("+/+/")},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_buf out;
        char bytes[16];
        size_t len;
        azm_buf_init(&out, 64);
        azm_base64_encode(&out, cases[i].bytes);
        assert_true(azm_slice_eq(azm_buf_slice(&out), cases[i].text));
        azm_buf_dispose(&out);
        assert_int_equal(azm_base64_decode(cases[i].text, bytes, &len), AZM_OK);
        assert_true(azm_slice_eq(azm_slice_of(bytes, len), cases[i].bytes));
    }
}

static void refused(void **state)
{
    static const azm_slice cases[] = {
        AZM_S("Z"),    AZM_S("Zg"),     AZM_S("Zg="),  AZM_S("===="), AZM_S("Z==="), AZM_S("Zg==Zg=="),
        AZM_S("Zm9 "), AZM_S("Zm9v\n"), AZM_S("Zh=="), AZM_S("Zm9="), AZM_S("-_-_"), AZM_S("Zm9v=g=="),
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        char bytes[16];
        size_t len;
        assert_int_equal(azm_base64_decode(cases[i], bytes, &len), AZM_BAD_INPUT);
    }
}

static void past_the_ceiling(void **state)
{
    struct azm_buf out;
    (void)state;
    azm_buf_init(&out, 7);
    azm_base64_encode(&out, AZM_S("foobar"));
    assert_true(out.failed);
    azm_buf_dispose(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_ways),
        cmocka_unit_test(refused),
        cmocka_unit_test(past_the_ceiling),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
