#include "trace/redact_text.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>

static const struct {
    const char *text, *want;
} rows[] = {
    {"", ""},
    {"nothing secret here", "nothing secret here"},
    {"AccountName=shop;AccountKey=abc/def==;EndpointSuffix=core",
     "AccountName=shop;AccountKey=[REDACTED];EndpointSuffix=core"},
    {"Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=q+w=",
     "Endpoint=sb://x/;SharedAccessKeyName=Root;SharedAccessKey=[REDACTED]"},
    {"GET /api/x?code=abc123&page=2", "GET /api/x?code=[REDACTED]&page=2"},
    {"https://s.blob/c?sv=1&sig=a%2Fb HTTP", "https://s.blob/c?sv=1&sig=[REDACTED] HTTP"},
    {"Password = hunter2\nnext", "Password = [REDACTED]\nnext"},
    {"pwd:hunter2", "pwd:[REDACTED]"},
    {"{\"password\": \"a b c\", \"user\": \"x\"}", "{\"password\": \"[REDACTED]\", \"user\": \"x\"}"},
    {"{'api_key' : 'abc'}", "{'api_key' : '[REDACTED]'}"},
    {"Authorization: Bearer abc.def.ghi\nnext", "Authorization: [REDACTED]\nnext"},
    {"sent Bearer eyJhbGciOi.x.y to it", "sent Bearer [REDACTED] to it"},
    {"Basic dXNlcjpwYXNz", "Basic [REDACTED]"},
    {"postgres://me:secret@db:5432/shop failed", "postgres://[REDACTED]@db:5432/shop failed"},
    {"https://example.com/a@b", "https://example.com/a@b"},
    {"password=", "password="},
    {"password=a", "password=[REDACTED]"},
    {"token=a;token=b", "token=[REDACTED];token=[REDACTED]"},
    /* what only looks like it */
    {"OAuthError: it broke", "OAuthError: it broke"},
    {"System.UnauthorizedAccessException: Access denied", "System.UnauthorizedAccessException: Access denied"},
    {"    at login (/app/auth.js:10:5)", "    at login (/app/auth.js:10:5)"},
    {"    at login (file:///app/session:10)", "    at login (file:///app/session:10)"},
    {"  code: 'MODULE_NOT_FOUND',", "  code: 'MODULE_NOT_FOUND',"},
    {"exit code=7", "exit code=[REDACTED]"},
    {"Version=1.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a",
     "Version=1.0.0.0, Culture=neutral, PublicKeyToken=b03f5f7f11d50a3a"},
    {"a Basic fact", "a Basic fact"},
    {"C:\\home\\keys", "C:\\home\\keys"},
};

static void secrets_are_hidden(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char storage[512];
        struct azm_buf out;
        azm_buf_init_fixed(&out, storage, sizeof storage - 1);
        azm_redact_text(&out, azm_slice_str(rows[i].text));
        assert_false(out.failed);
        storage[out.len] = 0;
        assert_string_equal(storage, rows[i].want);
    }
}

static void bytes_of_any_kind_pass(void **state)
{
    (void)state;
    char storage[64];
    struct azm_buf out;
    azm_slice text = AZM_S("\0=\xff:token=\0x\0");
    azm_buf_init_fixed(&out, storage, sizeof storage);
    azm_redact_text(&out, text);
    assert_true(azm_slice_eq(azm_buf_slice(&out), text)); /* the value ends at a zero byte, and is empty */
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(secrets_are_hidden), cmocka_unit_test(bytes_of_any_kind_pass)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
