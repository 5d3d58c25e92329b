#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/guard.h"

static void tokens(void **state)
{
    (void)state;
    static const struct {
        const char *header, *token;
        bool ok;
    } rows[] = {
        {"Bearer secret", "secret", true},   {"bearer  secret ", "secret", true}, /* a scheme's case does not count */
        {"ApiKey secret", "secret", true},   {"Bearer secre", "secret", false},
        {"Bearer secrets", "secret", false}, {"Bearer secretsecret", "secret", false},
        {"Bearer ", "secret", false},        {"Basic secret", "secret", false},
        {"secret", "secret", false},         {"", "secret", false},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        if (azm_guard_token(azm_slice_str(rows[i].header), azm_slice_str(rows[i].token)) != rows[i].ok)
            fail_msg("%s", rows[i].header);
}

static void hosts(void **state)
{
    (void)state;
    static const struct {
        const char *host;
        bool ok;
    } rows[] = {
        {"", true},
        {"127.0.0.1:8200", true},
        {"localhost", true},
        {"LOCALHOST:1", true},
        {"[::1]:8200", true},
        {"192.168.1.5", true},
        {"evil.example", false},
        {"127.0.0.1.evil.example", false},
        {"localhost.evil.example", false},
        {"[evil]", false},
        {":80", false},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        if (azm_guard_host(azm_slice_str(rows[i].host)) != rows[i].ok)
            fail_msg("%s", rows[i].host);
}

static void origins(void **state)
{
    (void)state;
    static const struct {
        const char *origin, *host;
        bool ok;
    } rows[] = {
        {"", "127.0.0.1:8200", true},
        {"http://127.0.0.1:8200", "127.0.0.1:8200", true},
        {"http://127.0.0.1:3000", "127.0.0.1:8200", false},
        {"https://evil.example", "127.0.0.1:8200", false},
        {"null", "127.0.0.1:8200", false},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        if (azm_guard_origin(azm_slice_str(rows[i].origin), azm_slice_str(rows[i].host)) != rows[i].ok)
            fail_msg("%s", rows[i].origin);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(tokens), cmocka_unit_test(hosts), cmocka_unit_test(origins)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
