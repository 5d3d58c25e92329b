#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/listen/listen.h"

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool ok, ipv6, loopback;
        unsigned port;
    } rows[] = {
        {"127.0.0.1:8200", true, false, true, 8200},
        {"localhost:0", true, false, true, 0},
        {"127.9.9.9:1", true, false, true, 1},
        {"0.0.0.0:65535", true, false, false, 65535},
        {"192.168.0.1:80", true, false, false, 80},
        {"[::1]:8200", true, true, true, 8200},
        {"[::]:8200", true, true, false, 8200},
        {"::1:8200", false, false, false, 0}, /* which part is the port? */
        {"[127.0.0.1]:1", false, false, false, 0},
        {"127.0.0.1", false, false, false, 0},
        {"127.0.0.1:65536", false, false, false, 0},
        {"127.0.0.1:-1", false, false, false, 0},
        {"127.0.0.1:", false, false, false, 0},
        {":8200", false, false, false, 0},
        {"example.org:80", false, false, false, 0}, /* names are not looked up */
        {"", false, false, false, 0},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_listen listen;
        struct azm_error err = {.text = ""};
        enum azm_status status = azm_listen_parse(azm_slice_str(rows[i].text), &listen, &err);
        if ((status == AZM_OK) != rows[i].ok)
            fail_msg("%s: %s", rows[i].text, err.text);
        if (!rows[i].ok) {
            assert_non_null(strstr(err.text, rows[i].text)); /* the input is named */
            continue;
        }
        assert_int_equal(listen.ipv6, rows[i].ipv6);
        assert_int_equal(listen.loopback, rows[i].loopback);
        assert_int_equal(listen.port, rows[i].port);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(addresses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
