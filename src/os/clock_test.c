#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "os/clock.h"

static void the_clocks_run(void **state)
{
    (void)state;
    int64_t wall = azm_clock_wall_us(), mono = azm_clock_mono_us();
    assert_true(wall > 1700000000000000); /* after November 2023, in microseconds and no other unit */
    assert_true(wall < 7000000000000000);
    assert_true(mono > 0);
    for (int i = 0; i < 1000; i++) {
        int64_t now = azm_clock_mono_us();
        assert_true(now >= mono);
        mono = now;
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_clocks_run)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
