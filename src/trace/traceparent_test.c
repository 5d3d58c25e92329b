#include "trace/traceparent.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/hex.h"

#define T "0af7651916cd43dd8448eb211c80319c"
#define S "b7ad6b7169203331"

static const struct {
    const char *what, *value;
    bool valid;
    unsigned flags;
} values[] = {
    {"sampled", "00-" T "-" S "-01", true, 1},
    {"not sampled", "00-" T "-" S "-00", true, 0},
    {"flags nobody knows are read", "00-" T "-" S "-ff", true, 0xff},
    {"white space around it", " \t00-" T "-" S "-01\t ", true, 1},
    {"a higher version of the same length", "01-" T "-" S "-01", true, 1},
    {"a higher version with more behind a dash", "cc-" T "-" S "-01-what-the-future-holds", true, 1},
    {"a higher version with nothing behind the dash", "fe-" T "-" S "-01-", true, 1},
    {"a higher version with more but no dash", "cc-" T "-" S "-01.what", false, 0},
    {"version 00 with more", "00-" T "-" S "-01-more", false, 0},
    {"version 00 with a dash", "00-" T "-" S "-01-", false, 0},
    {"version ff", "ff-" T "-" S "-01", false, 0},
    {"a version that is no hex", "0g-" T "-" S "-01", false, 0},
    {"an upper-case version", "0A-" T "-" S "-01", false, 0},
    {"an upper-case trace id", "00-0AF7651916CD43DD8448EB211C80319C-" S "-01", false, 0},
    {"an upper-case parent id", "00-" T "-B7AD6B7169203331-01", false, 0},
    {"upper-case flags", "00-" T "-" S "-0A", false, 0},
    {"a trace id of zeros", "00-00000000000000000000000000000000-" S "-01", false, 0},
    {"a parent id of zeros", "00-" T "-0000000000000000-01", false, 0},
    {"a trace id that is no hex", "00-0af7651916cd43dd8448eb211c80319g-" S "-01", false, 0},
    {"a parent id that is no hex", "00-" T "-b7ad6b716920333.-01", false, 0},
    {"flags that are no hex", "00-" T "-" S "-0.", false, 0},
    {"flags of one digit", "00-" T "-" S "-1", false, 0},
    {"a trace id too short", "00-0af7651916cd43dd8448eb211c80319-" S "-01", false, 0},
    {"a parent id too short", "00-" T "-b7ad6b716920333-01", false, 0},
    {"an underscore for the first dash", "00_" T "-" S "-01", false, 0},
    {"an underscore for the second dash", "00-" T "_" S "-01", false, 0},
    {"an underscore for the third dash", "00-" T "-" S "_01", false, 0},
    {"white space inside", "00- " T "-" S "-01", false, 0},
    {"a line end around it", "00-" T "-" S "-01\n", false, 0},
    {"nothing", "", false, 0},
    {"white space alone", "  ", false, 0},
};

static void each_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(values); i++) {
        struct azm_trace_context got;
        char text[33];
        print_message("%s\n", values[i].what);
        assert_int_equal(azm_traceparent_parse(azm_slice_str(values[i].value), &got), values[i].valid);
        if (!values[i].valid)
            continue;
        assert_int_equal(got.flags, values[i].flags);
        azm_hex_encode(got.trace_id.bytes, 16, text);
        assert_memory_equal(text, T, 32);
        azm_hex_encode(got.parent_id.bytes, 8, text);
        assert_memory_equal(text, S, 16);
    }
}

static void every_shorter_text_is_invalid(void **state)
{
    (void)state;
    struct azm_trace_context got;
    for (size_t n = 0; n < AZM_TRACEPARENT_LEN; n++)
        assert_false(azm_traceparent_parse((azm_slice){"00-" T "-" S "-01", n}, &got));
}

static void written_as_version_00_with_one_flag(void **state)
{
    (void)state;
    struct azm_trace_context context;
    char text[AZM_TRACEPARENT_LEN];
    assert_true(azm_traceparent_parse(AZM_S("cc-" T "-" S "-ff-more"), &context));
    azm_traceparent_format(&context, text);
    assert_memory_equal(text, "00-" T "-" S "-01", sizeof text);
    context.flags = 0xfe;
    azm_traceparent_format(&context, text);
    assert_memory_equal(text, "00-" T "-" S "-00", sizeof text);
}

static void of_headers(void **state)
{
    (void)state;
    struct azm_trace_context got;
    struct azm_pair headers[] = {{AZM_S("accept"), AZM_S("00-" T "-" S "-01")},
                                 {AZM_S("TraceParent"), AZM_S("00-" T "-" S "-01")},
                                 {AZM_S("traceparent"), AZM_S("00-" T "-" S "-01")}};
    assert_false(azm_traceparent_of_headers((struct azm_pairs){NULL, 0}, &got));
    assert_false(azm_traceparent_of_headers((struct azm_pairs){headers, 1}, &got));
    assert_true(azm_traceparent_of_headers((struct azm_pairs){headers, 2}, &got));  /* in any case */
    assert_false(azm_traceparent_of_headers((struct azm_pairs){headers, 3}, &got)); /* two, even alike, are none */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value),
        cmocka_unit_test(every_shorter_text_is_invalid),
        cmocka_unit_test(written_as_version_00_with_one_flag),
        cmocka_unit_test(of_headers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
