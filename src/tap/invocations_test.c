#include "tap/invocations.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static azm_slice id_text(unsigned n, char out[16])
{
    return (azm_slice){out, (size_t)snprintf(out, 16, "inv-%u", n)};
}

static void the_pool_is_bounded_and_reused(void **state)
{
    (void)state;
    struct azm_invocations pool;
    bool replaced;
    char id[16];
    azm_invocations_init(&pool, 7);
    for (unsigned n = 0; n < AZM_INVOCATIONS_MAX; n++)
        assert_non_null(azm_invocations_open(&pool, id_text(n, id), &replaced));
    assert_null(azm_invocations_open(&pool, AZM_S("one more"), &replaced));
    assert_int_equal(pool.open, AZM_INVOCATIONS_MAX);
    for (unsigned n = 0; n < AZM_INVOCATIONS_MAX; n += 2)
        azm_invocations_close(&pool, azm_invocations_find(&pool, id_text(n, id)));
    for (unsigned n = 0; n < AZM_INVOCATIONS_MAX; n++)
        assert_int_equal(azm_invocations_find(&pool, id_text(n, id)) != NULL, n % 2);
    assert_non_null(azm_invocations_open(&pool, AZM_S("one more"), &replaced));
    assert_false(replaced);
    azm_invocations_dispose(&pool);
}

static void low_load_touches_one_entry(void **state)
{
    (void)state;
    struct azm_invocations pool;
    bool replaced;
    char id[16];
    azm_invocations_init(&pool, 7);
    for (unsigned n = 0; n < 10000; n++)
        azm_invocations_close(&pool, azm_invocations_open(&pool, id_text(n, id), &replaced));
    assert_int_equal(pool.fresh, 1);
    azm_invocations_dispose(&pool);
}

static void an_id_that_is_open_is_replaced(void **state)
{
    (void)state;
    struct azm_invocations pool;
    bool replaced;
    azm_invocations_init(&pool, 7);
    struct azm_invocation *first = azm_invocations_open(&pool, AZM_S("same"), &replaced);
    first->status_code = 404;
    struct azm_invocation *second = azm_invocations_open(&pool, AZM_S("same"), &replaced);
    assert_true(replaced);
    assert_int_equal(second->status_code, 0);
    assert_int_equal(pool.open, 1);
    azm_invocations_dispose(&pool);
}

static void ids_that_cannot_be_kept_are_refused(void **state)
{
    (void)state;
    struct azm_invocations pool;
    bool replaced;
    char longest[AZM_INVOCATION_ID_MAX + 2];
    memset(longest, 'x', sizeof longest);
    azm_invocations_init(&pool, 7);
    assert_null(azm_invocations_open(&pool, AZM_S(""), &replaced));
    assert_null(azm_invocations_open(&pool, (azm_slice){longest, AZM_INVOCATION_ID_MAX + 1}, &replaced));
    assert_non_null(azm_invocations_open(&pool, (azm_slice){longest, AZM_INVOCATION_ID_MAX}, &replaced));
    azm_invocations_dispose(&pool);
}

static void headers_come_back_as_they_went_in(void **state)
{
    (void)state;
    struct azm_invocations pool;
    struct azm_pair pairs[8];
    bool replaced;
    static const char big[AZM_INVOCATION_TEXT];
    azm_invocations_init(&pool, 7);
    struct azm_invocation *invocation = azm_invocations_open(&pool, AZM_S("a"), &replaced);
    azm_slice url = azm_invocation_keep(invocation, AZM_S("http://x/"));
    assert_true(azm_invocation_keep_header(invocation, &invocation->request_headers, AZM_S("host"), AZM_S("x")));
    assert_true(azm_invocation_keep_header(invocation, &invocation->request_headers, AZM_S("empty"), AZM_S("")));
    assert_false(azm_invocation_keep_header(invocation, &invocation->request_headers, AZM_S("big"),
                                            (azm_slice){big, sizeof big}));
    assert_true(invocation->clipped);
    assert_int_equal(azm_invocation_headers(invocation, &invocation->request_headers, pairs, 8), 2);
    assert_true(azm_slice_eq(pairs[0].key, AZM_S("host")) && azm_slice_eq(pairs[0].value, AZM_S("x")));
    assert_true(azm_slice_eq(pairs[1].key, AZM_S("empty")) && pairs[1].value.len == 0);
    assert_true(azm_slice_eq(url, AZM_S("http://x/")));
    azm_invocations_dispose(&pool);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_pool_is_bounded_and_reused),    cmocka_unit_test(low_load_touches_one_entry),
        cmocka_unit_test(an_id_that_is_open_is_replaced),    cmocka_unit_test(ids_that_cannot_be_kept_are_refused),
        cmocka_unit_test(headers_come_back_as_they_went_in),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
