#include "trace/redact.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
    const char *name;
    bool secret;
} names[] = {
    {"x-functions-key", true},
    {"Authorization", true},
    {"X-Api-Token-Id", true},
    {"X-MS-CLIENT-PRINCIPAL", true},
    {"cookie", true},
    {"Set-Cookie", true},
    {"x-arr-clientcert", true},
    {"x-session-id", true},
    {"passwd", true},
    {"x-credit", true},
    {"content-type", false},
    {"x-forwarded-for", false},
    {"traceparent", false},
    {"x-arr-log-id", false},
    {"pwdx", false},
    {"", false},
};

static void names_of_secrets(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(names); i++)
        if (azm_redact_is_secret(azm_slice_str(names[i].name), AZM_S(AZM_SANITIZE_DEFAULT)) != names[i].secret)
            fail_msg("%s should be %d", names[i].name, names[i].secret);
    assert_true(azm_redact_is_secret(AZM_S("Cookie"), AZM_S("nothing"))); /* whatever the patterns say */
    assert_true(azm_redact_is_secret(AZM_S("my-own"), AZM_S("a, my-*")));
}

static const struct {
    const char *url, *redacted;
} urls[] = {
    {"http://x/api/a", "http://x/api/a"},
    {"http://x/api/a?code=abc", "http://x/api/a?code=[REDACTED]"},
    {"http://x/api/a?a=1&CODE=abc&b=2", "http://x/api/a?a=1&CODE=[REDACTED]&b=2"},
    {"http://x/?%63ode=abc&s%69g=1", "http://x/?%63ode=[REDACTED]&s%69g=[REDACTED]"},
    {"http://x/?sv=1&sig=a%2Bb#part", "http://x/?sv=1&sig=[REDACTED]#part"},
    {"http://x/?barcode=7&code", "http://x/?barcode=7&code"},
    {"http://x/?code=", "http://x/?code=[REDACTED]"},
    {"http://x/?a=1&", "http://x/?a=1&"},
    {"https://user:pass@host:1/p?q", "https://host:1/p?q"},
    {"https://host/p@q?r=s@t", "https://host/p@q?r=s@t"},
    {"/path/only?code=1", "/path/only?code=[REDACTED]"},
    {"http://x/?c%6=1&code%=2&%=3", "http://x/?c%6=1&code%=2&%=3"},
    {"", ""},
};

static void urls_lose_their_secrets(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(urls); i++) {
        struct azm_buf out;
        azm_buf_init(&out, 1024);
        azm_redact_url(&out, azm_slice_str(urls[i].url));
        azm_buf_add_byte(&out, 0);
        assert_string_equal(out.ptr, urls[i].redacted);
        azm_buf_dispose(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_of_secrets), cmocka_unit_test(urls_lose_their_secrets)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
