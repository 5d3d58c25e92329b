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
    {"/a?X-Amz-Signature=1&x-amz-credential=2&X-Amz-Security-Token=3&X-Amz-Date=4",
     "/a?X-Amz-Signature=[REDACTED]&x-amz-credential=[REDACTED]&X-Amz-Security-Token=[REDACTED]&X-Amz-Date=4"},
    {"/a?AWSAccessKeyId=1&Signature=2&X-Goog-Signature=3&Signatures=4&x-amz-security-tokens=5&x-amz-security-token-and="
     "6",
     "/a?AWSAccessKeyId=[REDACTED]&Signature=[REDACTED]&X-Goog-Signature=[REDACTED]&Signatures=4&"
     "x-amz-security-tokens=5&x-amz-security-token-and=6"},
    {"http://x/?sv=1&sig=a%2Bb#part", "http://x/?sv=1&sig=[REDACTED]#part"},
    {"http://x/?barcode=7&code", "http://x/?barcode=7&code"},
    {"http://x/?code=", "http://x/?code=[REDACTED]"},
    {"http://x/?a=1&", "http://x/?a=1&"},
    {"https://user:pass@host:1/p?q", "https://host:1/p?q"},
    {"https://host/p@q?r=s@t", "https://host/p@q?r=s@t"},
    {"/path/only?code=1", "/path/only?code=[REDACTED]"},
    {"http://x/?c%6=1&code%=2&%=3", "http://x/?c%6=1&code%=2&%=3"},
    {"http://x/?c%6fde=1&c%6Fde=2&CO%44E=3", "http://x/?c%6fde=[REDACTED]&c%6Fde=[REDACTED]&CO%44E=[REDACTED]"},
    {"http://x/?codes=1&code%00=2&xcode=3", "http://x/?codes=1&code%00=2&xcode=3"},
    {"http://x/?code=a=b?c&d=e", "http://x/?code=[REDACTED]&d=e"}, /* a secret may hold '=' and '?' */
    {"http://x/?code=1&code=2", "http://x/?code=[REDACTED]&code=[REDACTED]"},
    /* a scheme inside the query is not the URL's own: what stands before it is still a query */
    {"/api/a?code=abc&next=https://host/b", "/api/a?code=[REDACTED]&next=https://host/b"},
    {"?code=abc&next=https://me:pw@host/b", "?code=[REDACTED]&next=https://me:pw@host/b"},
    {"/api/a?next=https://host/b?code=abc", "/api/a?next=https://host/b?code=[REDACTED]"},
    {"https://host/#id=1&code=abc", "https://host/#id=1&code=[REDACTED]"},
    {"https://user:p@ss@host?sig=1", "https://host?sig=[REDACTED]"},
    {"https://user@host#a@b", "https://host#a@b"},
    {"a&code=1", "a&code=1"},
    {"?", "?"},
    {"?=", "?="},
    {"#", "#"},
    {"://", "://"},
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

/* A buf that is too small gets a part: never a piece of a secret. */
static void small_bufs_hold_no_secret(void **state)
{
    (void)state;
    const azm_slice url = AZM_S("https://me:secret@host/path?a=1&code=secret&sig=secret&b=2");
    for (size_t size = 1; size < url.len + 20; size++) {
        char text[128];
        struct azm_buf out;
        azm_buf_init_fixed(&out, text, size);
        azm_redact_url(&out, url);
        assert_true(out.len <= size);
        assert_int_equal(azm_slice_search(azm_buf_slice(&out), AZM_S("secret")), out.len);
    }
}

static void values_with_a_query(void **state)
{
    (void)state;
    assert_true(azm_redact_has_query(AZM_S("/api/a?code=1")));
    assert_false(azm_redact_has_query(AZM_S("text/html; charset=utf-8")));
    assert_false(azm_redact_has_query((azm_slice){NULL, 0}));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_of_secrets), cmocka_unit_test(urls_lose_their_secrets),
                                       cmocka_unit_test(small_bufs_hold_no_secret),
                                       cmocka_unit_test(values_with_a_query)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
