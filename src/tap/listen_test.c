#include "tap/listen.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void close_both(const azm_socket sockets[AZM_LISTENERS_MAX])
{
    for (size_t i = 0; i < AZM_LISTENERS_MAX; i++)
        if (sockets[i] != AZM_SOCKET_NONE)
            azm_socket_close(sockets[i], false);
}

static const struct {
    unsigned digits, from, to;
} rows[] = {{0, 1, 65535}, {4, 1000, 9999}, {5, 10000, 65535}};

static void a_port_of_that_many_digits(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_socket sockets[AZM_LISTENERS_MAX];
        struct azm_error err = {0};
        unsigned port = azm_listen(rows[i].digits, false, sockets, &err);
        print_message("%u digits: %u\n", rows[i].digits, port);
        assert_in_range(port, rows[i].from, rows[i].to);
        assert_true(sockets[0] != AZM_SOCKET_NONE);
        assert_true(sockets[1] == AZM_SOCKET_NONE);
        close_both(sockets);
    }
}

/* Nobody else can have the number, in either family. */
static void localhost_is_both_families(void **state)
{
    azm_socket sockets[AZM_LISTENERS_MAX];
    struct azm_error err = {0};
    (void)state;
    uint16_t port = azm_listen(5, true, sockets, &err);
    assert_true(port != 0);
    assert_true(azm_socket_listen(&port, &err) == AZM_SOCKET_NONE);
    assert_int_equal(err.status, AZM_BUSY);
    if (sockets[1] == AZM_SOCKET_NONE) {
        print_message("there is no IPv6 here\n");
    } else {
        assert_true(azm_socket_listen_v6(port, &err) == AZM_SOCKET_NONE);
        assert_int_equal(err.status, AZM_BUSY);
    }
    close_both(sockets);
}

static void a_port_that_cannot_be(void **state)
{
    azm_socket sockets[AZM_LISTENERS_MAX];
    struct azm_error err = {0};
    (void)state;
    assert_int_equal(azm_listen(6, true, sockets, &err), 0);
    assert_int_equal(err.status, AZM_BUSY);
    assert_true(sockets[0] == AZM_SOCKET_NONE && sockets[1] == AZM_SOCKET_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_port_of_that_many_digits),
        cmocka_unit_test(localhost_is_both_families),
        cmocka_unit_test(a_port_that_cannot_be),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
