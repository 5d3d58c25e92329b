#include "recording/endpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void rows(void **state)
{
    static const struct {
        const char *text, *host; /* NULL: refused */
        unsigned port;
    } cases[] = {
        {"127.0.0.1:7071", "127.0.0.1", 7071},
        {"localhost:0", "localhost", 0},
        {"[::1]:80", "::1", 80},
        {"http://127.0.0.1:7071/", "127.0.0.1", 7071},
        {"HTTP://[::1]:65535/a:b", "::1", 65535},
        {"http://host:1", "host", 1},
        {"", NULL, 0},
        {":80", NULL, 0},
        {"host", NULL, 0},
        {"host:", NULL, 0},
        {"host:x", NULL, 0},
        {"host:65536", NULL, 0},
        {"host:-1", NULL, 0},
        {"::1:80", NULL, 0},
        {"[]:80", NULL, 0},
        {"https://host:1", NULL, 0},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_endpoint endpoint;
        struct azm_error err;
        enum azm_status st = azm_endpoint_parse(azm_slice_str(cases[i].text), &endpoint, &err);
        assert_int_equal(st, cases[i].host ? AZM_OK : AZM_BAD_USAGE);
        if (st != AZM_OK)
            continue;
        assert_string_equal(endpoint.host, cases[i].host);
        assert_int_equal(endpoint.port, cases[i].port);
    }
}

static void a_host_that_is_too_long(void **state)
{
    char text[400];
    struct azm_endpoint endpoint;
    (void)state;
    memset(text, 'a', sizeof text);
    memcpy(text + 300, ":80", 4);
    assert_int_equal(azm_endpoint_parse(azm_slice_str(text), &endpoint, NULL), AZM_BAD_USAGE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows),
        cmocka_unit_test(a_host_that_is_too_long),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
