#include "export/url.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define NONE "-"

static const struct {
    const char *text, *scheme, *userinfo, *host, *port, *path, *query;
    bool loopback;
} cases[] = {
    {"http://localhost:8200", "http", NONE, "localhost", "8200", "", NONE, true},
    {"https://127.0.0.1/a/b?c=d#e", "https", NONE, "127.0.0.1", NONE, "/a/b", "?c=d", true},
    {"http://[::1]:9/", "http", NONE, "::1", "9", "/", NONE, true},
    {"http://[::1", "http", NONE, "::1", NONE, "", NONE, true},
    {"http://[::1]9/", "http", NONE, "::1", NONE, "/", NONE, true},
    {"HTTP://LocalHost/x", "HTTP", NONE, "LocalHost", NONE, "/x", NONE, true},
    {"http://127.0.0.10/", "http", NONE, "127.0.0.10", NONE, "/", NONE, false},
    {"http://localhost.example/", "http", NONE, "localhost.example", NONE, "/", NONE, false},
    {"http://u:p@w@shop.example:80?x=1", "http", "u:p@w", "shop.example", "80", "", "?x=1", false},
    {"http://shop.example:99999/", "http", NONE, "shop.example", NONE, "/", NONE, false},
    {"/api/x?y=http://localhost/", NONE, NONE, NONE, NONE, "/api/x", "?y=http://localhost/", false},
    {"/a?", NONE, NONE, NONE, NONE, "/a", "?", false},
    {"?a", NONE, NONE, NONE, NONE, "", "?a", false},
    {"*", NONE, NONE, NONE, NONE, "*", NONE, false},
    {"", NONE, NONE, NONE, NONE, "", NONE, false},
    {"://x", NONE, NONE, NONE, NONE, "://x", NONE, false},
    {"http://", "http", NONE, "", NONE, "", NONE, false},
};

static void same(azm_slice got, const char *want)
{
    if (strcmp(want, NONE) == 0) {
        assert_null(got.ptr);
        return;
    }
    assert_non_null(got.ptr);
    assert_int_equal(got.len, strlen(want));
    assert_memory_equal(got.ptr, want, got.len);
}

static void rows(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_url url;
        azm_url_split(azm_slice_str(cases[i].text), &url);
        same(url.scheme, cases[i].scheme);
        same(url.userinfo, cases[i].userinfo);
        same(url.host, cases[i].host);
        same(url.port, cases[i].port);
        same(url.path, cases[i].path);
        same(url.query, cases[i].query);
        assert_int_equal(azm_url_is_loopback(azm_slice_str(cases[i].text)), cases[i].loopback);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
