#include "tap/patch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static const struct {
    const char *text, *host;
    unsigned port, at, digits;
} good[] = {
    {"http://localhost:40719", "localhost", 40719, 17, 5}, {"http://localhost:40719/", "localhost", 40719, 17, 5},
    {"HTTP://LOCALHOST:80/", "localhost", 80, 17, 2},      {"http://127.0.0.1:7071/api?x=1", "127.0.0.1", 7071, 17, 4},
    {"http://[::1]:65535/", "::1", 65535, 13, 5},
};

static void addresses_of_this_machine_are_read(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(good); i++) {
        struct azm_http_uri uri;
        print_message("%s\n", good[i].text);
        assert_int_equal(azm_http_uri_read(azm_slice_str(good[i].text), &uri), AZM_OK);
        assert_string_equal(uri.host, good[i].host);
        assert_int_equal(uri.port, good[i].port);
        assert_int_equal(uri.port_at, good[i].at);
        assert_int_equal(uri.port_digits, good[i].digits);
    }
}

static const char *const bad[] = {
    "",
    "http://",
    "http://localhost",
    "http://localhost/",
    "http://localhost:",
    "http://localhost:/",
    "http://localhost:0",
    "http://localhost:080",
    "http://localhost:65536",
    "http://localhost:80x/",
    "http://localhost:-1/",
    "https://localhost:443/",
    "unix:/tmp/socket",
    "http://10.0.0.1:80/",
    "http://localhost.example:80/",
    "http://user@localhost:80/",
    " http://localhost:80/",
};

static void everything_else_is_left_alone(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(bad); i++) {
        struct azm_http_uri uri;
        print_message("\"%s\"\n", bad[i]);
        assert_int_equal(azm_http_uri_read(azm_slice_str(bad[i]), &uri), AZM_BAD_INPUT);
    }
}

/* A value in three pieces, with other bytes between them. */
static void only_the_values_bytes_are_overwritten(void **state)
{
    char bytes[] = "<htt--p://a:1-2345/>", text[AZM_PATCH_MAX];
    struct azm_patch patch = {0};
    (void)state;
    azm_patch_add(&patch, (azm_slice){bytes + 1, 3});
    azm_patch_add(&patch, (azm_slice){bytes + 6, 7});
    assert_true(patch.open);
    assert_ptr_equal(patch.at[0], bytes + 1);
    azm_patch_add(&patch, (azm_slice){bytes + 14, 5});
    azm_slice value = azm_patch_end(&patch, text);
    assert_true(azm_slice_eq(value, AZM_S("http://a:12345/")));
    assert_false(patch.open);
    azm_patch_write(&patch, 9, AZM_S("67890"));
    assert_string_equal(bytes, "<htt--p://a:6-7890/>");
}

static void a_value_that_is_too_long_stays_in_bounds(void **state)
{
    char bytes[2 * AZM_PATCH_MAX], text[AZM_PATCH_MAX];
    struct azm_patch patch = {0};
    (void)state;
    memset(bytes, 'x', sizeof bytes);
    azm_patch_add(&patch, (azm_slice){bytes, sizeof bytes});
    assert_int_equal(azm_patch_end(&patch, text).len, AZM_PATCH_MAX);
    azm_patch_write(&patch, AZM_PATCH_MAX - 1, AZM_S("yz"));
    assert_int_equal(bytes[AZM_PATCH_MAX - 1], 'y');
    assert_int_equal(bytes[AZM_PATCH_MAX], 'x');
    assert_int_equal(azm_patch_end(&patch, text).len, 0); /* nothing is open */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_of_this_machine_are_read),
        cmocka_unit_test(everything_else_is_left_alone),
        cmocka_unit_test(only_the_values_bytes_are_overwritten),
        cmocka_unit_test(a_value_that_is_too_long_stays_in_bounds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
