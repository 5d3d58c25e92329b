#include "trace/ignore.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *urls, *agents, *url, *agent;
    bool ignored;
} requests[] = {
    {"", "", "http://h/api/health", "curl/8", false},
    {"/api/health", "", "http://h/api/health", "", true},
    {"/api/health", "", "http://h:7071/api/health?code=1", "", true},
    {"/api/health", "", "/api/health?x=/api/other", "", true}, /* the path alone, as the HTTP leg has it */
    {"/api/health", "", "http://h/api/healthy", "", false},
    {"/API/*", "", "http://h/api/x", "", true},
    {"(?-i)/API/*", "", "http://h/api/x", "", false},
    {"*secret*", "", "http://h/api/x?a=secret", "", false}, /* nor the query, */
    {"*app*", "", "http://app.example/api/x", "", false},   /* nor the host */
    {"/", "", "http://h", "", true},
    {"/", "", "http://h?x", "", true},
    {" *.png ,*.js", "", "/a.js", "", true},
    {"*", "", "", "", false}, /* not known yet */
    {"*://*", "", "/a?b=http://c", "", false},
    {"", "curl*", "http://h/", "curl/8", true},
    {"", "curl*", "http://h/", "Mozilla", false},
    {"", "*", "http://h/", "", false}, /* none was sent */
    {"/no", "curl*", "http://h/yes", "CURL/8", true},
};

static void http(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(requests); i++) {
        struct azm_settings settings = {.transaction_ignore_urls = azm_slice_str(requests[i].urls),
                                        .transaction_ignore_user_agents = azm_slice_str(requests[i].agents)};
        struct azm_pair agent = {AZM_S("User-Agent"), azm_slice_str(requests[i].agent)};
        bool got = azm_ignore_http(&settings, azm_slice_str(requests[i].url), (struct azm_pairs){&agent, 1});
        if (got != requests[i].ignored)
            fail_msg("%s by %s", requests[i].url, requests[i].agent);
    }
}

static void messages(void **state)
{
    (void)state;
    struct azm_settings settings = {.ignore_message_queues = AZM_S("audit*, *-poison")};
    assert_true(azm_ignore_message(&settings, AZM_S("audit-eu")));
    assert_true(azm_ignore_message(&settings, AZM_S("orders-poison")));
    assert_false(azm_ignore_message(&settings, AZM_S("orders")));
    assert_false(azm_ignore_message(&settings, AZM_S("")));
    settings.ignore_message_queues = (azm_slice){NULL, 0};
    assert_false(azm_ignore_message(&settings, AZM_S("orders")));
}

static const struct {
    const char *groups, *name, *want;
} names[] = {
    {"", "GET /api/a", "GET /api/a"},
    {"GET /api/*", "GET /api/a", "GET /api/*"},
    {"POST *, GET /api/*, GET *", "GET /api/a", "GET /api/*"}, /* the first that fits */
    {"POST *", "GET /api/a", "GET /api/a"},
    {"(?-i)GET *", "GET /api/a", "GET *"},
    {"(?-i)get *", "GET /api/a", "GET /api/a"},
    {"*", "", ""},
};

static void groups(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        struct azm_settings settings = {.transaction_name_groups = azm_slice_str(names[i].groups)};
        assert_true(
            azm_slice_eq(azm_name_group(&settings, azm_slice_str(names[i].name)), azm_slice_str(names[i].want)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(http), cmocka_unit_test(messages), cmocka_unit_test(groups)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
