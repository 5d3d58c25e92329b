#include "trace/tracestate.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define A16  "aaaaaaaaaaaaaaaa"
#define A64  A16 A16 A16 A16
#define A240 A64 A64 A64 A16 A16 A16
#define A256 A64 A64 A64 A64

static const struct {
    const char *what, *value;
    bool valid;
    double rate;
} values[] = {
    {"one member", "foo=1", true, -1},
    {"two members", "foo=1,bar=2", true, -1},
    {"white space around members", " foo=1 \t,\t bar=2 ", true, -1},
    {"empty members", "foo=1,,bar=2,", true, -1},
    {"nothing", "", false, -1},
    {"empty members alone", " , ,", false, -1},
    {"a key twice", "foo=1,bar=2,foo=3", false, -1},
    {"a key twice, with one value", "foo=1,foo=1", false, -1},
    {"all characters of keys", "a0_-*/=1", true, -1},
    {"a key that begins with a digit", "0a=1", true, -1},
    {"a key that begins with an underscore", "_a=1", false, -1},
    {"a key that begins with a dash", "-a=1", false, -1},
    {"a key that begins with a star", "*a=1", false, -1},
    {"a key that begins with a slash", "/a=1", false, -1},
    {"an upper-case key", "Foo=1", false, -1},
    {"a key with a dot", "foo.bar=1", false, -1},
    {"white space inside a key", "foo bar=1", false, -1},
    {"white space behind a key", "foo =1", false, -1},
    {"no key", "=1", false, -1},
    {"no equals sign", "foo", false, -1},
    {"no value", "foo=", false, -1},
    {"a value with an equals sign", "foo=1=2", false, -1},
    {"a value with spaces inside and before", "foo= a b", true, -1},
    {"a value with a tab", "foo=a\tb", false, -1},
    {"a value with DEL", "foo=a\x7f", false, -1},
    {"a value that is not ASCII", "foo=\xc3\xa9", false, -1},
    {"all printable characters", "foo=!\"#$%&'()*+-./:;<>?@[\\]^_`{|}~", true, -1},
    {"a key of 256 characters", A256 "=1", true, -1},
    {"a key of 257 characters", A256 "a=1", false, -1},
    {"a value of 256 characters", "foo=" A256, true, -1},
    {"a value of 257 characters", "foo=" A256 "a", false, -1},
    {"tenant and system", "t0@s0=1", true, -1},
    {"a tenant that begins with a digit", "0t@s=1", true, -1},
    {"a system that begins with a digit", "t@0s=1", false, -1},
    {"no tenant", "@s=1", false, -1},
    {"no system", "t@=1", false, -1},
    {"two at signs", "t@s@u=1", false, -1},
    {"a tenant of 241 characters", A240 "a@s=1", true, -1},
    {"a tenant of 242 characters", A240 "aa@s=1", false, -1},
    {"a system of 14 characters", "t@abcdefghijklmn=1", true, -1},
    {"a system of 15 characters", "t@abcdefghijklmno=1", false, -1},
    {"Elastic's rate", "es=s:0.25", true, 0.25},
    {"Elastic's rate behind other pairs and members", "foo=1, es=k:v;s:0.5", true, 0.5},
    {"a rate of 0", "es=s:0", true, 0},
    {"a rate of 1", "es=s:1", true, 1},
    {"a rate above 1", "es=s:1.1", true, -1},
    {"a negative rate", "es=s:-0.1", true, -1},
    {"a rate that is no number", "es=s:half", true, -1},
    {"a rate in hexadecimal", "es=s:0x1", true, -1},
    {"no rate", "es=s:", true, -1},
    {"another pair that ends in s", "es=ks:0.5", true, -1},
    {"another vendor's s", "foo=s:0.5", true, -1},
    {"a rate in a header that is not valid", "es=s:0.5,foo", false, -1},
};

static void each_value(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(values); i++) {
        struct azm_pair header = {AZM_S("TraceState"), azm_slice_str(values[i].value)};
        struct azm_tracestate got = azm_tracestate_of_headers((struct azm_pairs){&header, 1});
        print_message("%s\n", values[i].what);
        assert_int_equal(got.valid, values[i].valid);
        assert_true(got.sample_rate - values[i].rate < 1e-9 && values[i].rate - got.sample_rate < 1e-9);
    }
}

static void fields_are_joined(void **state)
{
    (void)state;
    struct azm_pair headers[] = {{AZM_S("tracestate"), AZM_S("foo=1")},
                                 {AZM_S("accept"), AZM_S("*/*")},
                                 {AZM_S("TRACESTATE"), AZM_S("es=s:0.5")},
                                 {AZM_S("tracestate"), AZM_S("foo=2")}};
    assert_false(azm_tracestate_of_headers((struct azm_pairs){NULL, 0}).present);
    assert_false(azm_tracestate_of_headers((struct azm_pairs){headers + 1, 1}).present);
    struct azm_tracestate two = azm_tracestate_of_headers((struct azm_pairs){headers, 3});
    assert_true(two.present && two.valid && two.sample_rate > 0.4);
    assert_false(azm_tracestate_of_headers((struct azm_pairs){headers, 4}).valid); /* foo twice, in two fields */
}

/* The W3C lets a receiver refuse more than 32; Elastic takes them. */
static void more_than_32_members(void **state)
{
    (void)state;
    struct azm_buf text;
    azm_buf_init(&text, 4096);
    for (unsigned i = 0; i < 33; i++)
        azm_buf_addf(&text, "bar%02u=%02u,", i, i);
    struct azm_pair header = {AZM_S("tracestate"), azm_buf_slice(&text)};
    assert_true(azm_tracestate_of_headers((struct azm_pairs){&header, 1}).valid);
    azm_buf_dispose(&text);
}

static const struct {
    const char *what, *before;
    double rate;
    const char *after;
} writes[] = {
    {"none before", NULL, 0.5, "es=s:0.5"},
    {"not valid: dropped as a whole", "foo=1,foo=2", 1, "es=s:1"},
    {"behind others: it moves to the front", "foo=1,es=s:0.1,bar=2", 0, "es=s:0,foo=1,bar=2"},
    {"others as they came", " foo=a b ,, bar@x=2 ", 0.25, "es=s:0.25,foo=a b,bar@x=2"},
    {"its other pairs stay", "es=a:1;s:1;b:2", 0.0001, "es=s:0.0001;a:1;b:2"},
    {"a pair that would be too much is left out", "es=a:" A240 "aaaaaaaaa;b:2", 0.5, "es=s:0.5;b:2"},
    {"a pair that just fits", "es=a:" A240 "aaaaaaa;s:1", 0.25, "es=s:0.25;a:" A240 "aaaaaaa"},
};

static void writing(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(writes); i++) {
        struct azm_pair header = {AZM_S("tracestate"), azm_slice_str(writes[i].before)};
        struct azm_buf out;
        azm_buf_init(&out, 4096);
        azm_tracestate_write(&out, (struct azm_pairs){&header, writes[i].before ? 1 : 0}, writes[i].rate);
        struct azm_pair again = {AZM_S("tracestate"), azm_buf_slice(&out)};
        assert_true(azm_tracestate_of_headers((struct azm_pairs){&again, 1}).valid);
        azm_buf_add_byte(&out, 0);
        print_message("%s\n", writes[i].what);
        assert_string_equal(out.ptr, writes[i].after);
        azm_buf_dispose(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_value),
        cmocka_unit_test(fields_are_joined),
        cmocka_unit_test(more_than_32_members),
        cmocka_unit_test(writing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
