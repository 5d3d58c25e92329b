#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/connections.h"

#define S UINT64_C(1000000000)

/* Both ends of a connection, over loopback. */
struct ends {
    azm_socket near, far;
};

static struct ends connect_ends(azm_socket listener, uint16_t port)
{
    struct ends ends = {.far = azm_socket_connect("127.0.0.1", port)};
    do
        ends.near = azm_socket_accept(listener);
    while (ends.near == AZM_SOCKET_NONE);
    return ends;
}

static void expect(const struct ends *ends, bool end)
{
    char byte;
    ptrdiff_t n;
    do
        n = azm_socket_receive(ends->far, &byte, 1);
    while (end && n == AZM_SOCKET_AGAIN);
    assert_int_equal(n != AZM_SOCKET_AGAIN, end);
}

static void drop(struct ends *ends)
{
    azm_socket_close(ends->near, false);
    azm_socket_close(ends->far, false);
}

static void each_phase_has_its_time(void **state)
{
    (void)state;
    static const struct {
        enum azm_connection_phase phase;
        unsigned seconds; /* 0: as long as it likes */
    } rows[] = {
        {AZM_CONNECTION_NEW, AZM_HUB_FIRST_HEAD_S},
        {AZM_CONNECTION_RECEIVING, AZM_HUB_BODY_S},
        {AZM_CONNECTION_ANSWERING, 0},
        {AZM_CONNECTION_WAITING, AZM_HUB_NEXT_HEAD_S},
    };
    uint16_t port = 0;
    azm_socket listener = azm_socket_listen(&port, NULL);
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_connections all;
        azm_connections_init(&all);
        struct ends ends = connect_ends(listener, port);
        struct azm_connection *c = azm_connections_add(&all, ends.near, 5 * S);
        azm_connections_enter(&all, c, rows[i].phase, 7 * S);
        uint64_t since_ns = (rows[i].phase == AZM_CONNECTION_NEW ? 5 : 7) * S;
        azm_connections_sweep(&all, since_ns + rows[i].seconds * S);
        expect(&ends, false);
        azm_connections_sweep(&all, since_ns + (rows[i].seconds ? rows[i].seconds : 100000) * S + 1);
        expect(&ends, rows[i].seconds > 0);
        azm_connections_remove(&all, c);
        azm_connections_dispose(&all);
        drop(&ends);
    }
    azm_socket_close(listener, false);
}

/* A crowd of which none, or one or two, can go when somebody comes at second 100. */
static void newcomers_take_a_place(void **state)
{
    (void)state;
    static const struct {
        enum azm_connection_phase first, second; /* of two that came at seconds 10 and 20; the others answer */
        int goes;                                /* which of them; -1: none */
    } rows[] = {
        {AZM_CONNECTION_NEW, AZM_CONNECTION_NEW, 0},
        {AZM_CONNECTION_ANSWERING, AZM_CONNECTION_NEW, 1},
        {AZM_CONNECTION_RECEIVING, AZM_CONNECTION_WAITING, 1},
        {AZM_CONNECTION_RECEIVING, AZM_CONNECTION_RECEIVING, 0},
        {AZM_CONNECTION_ANSWERING, AZM_CONNECTION_ANSWERING, -1},
    };
    uint16_t port = 0;
    azm_socket listener = azm_socket_listen(&port, NULL);
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_connections all;
        struct azm_connection *crowd[AZM_HUB_CROWD];
        azm_connections_init(&all);
        struct ends ends[2] = {connect_ends(listener, port), connect_ends(listener, port)};
        for (unsigned n = 0; n < AZM_HUB_CROWD; n++) {
            crowd[n] = azm_connections_add(&all, n < 2 ? ends[n].near : AZM_SOCKET_NONE, S);
            enum azm_connection_phase phase = n == 0   ? rows[i].first
                                              : n == 1 ? rows[i].second
                                                       : AZM_CONNECTION_ANSWERING;
            azm_connections_enter(&all, crowd[n], AZM_CONNECTION_ANSWERING, S);
            azm_connections_enter(&all, crowd[n], phase, (n + 1) * 10 * S);
        }
        struct azm_connection *newcomer = azm_connections_add(&all, AZM_SOCKET_NONE, 100 * S);
        expect(&ends[0], rows[i].goes == 0);
        expect(&ends[1], rows[i].goes == 1);
        azm_connections_remove(&all, newcomer);
        for (unsigned n = 0; n < AZM_HUB_CROWD; n++)
            azm_connections_remove(&all, crowd[n]);
        assert_int_equal(all.count, 0);
        azm_connections_dispose(&all);
        drop(&ends[0]);
        drop(&ends[1]);
    }
    azm_socket_close(listener, false);
}

static void a_body_that_has_just_begun_stays(void **state)
{
    (void)state;
    struct azm_connections all;
    struct azm_connection *crowd[AZM_HUB_CROWD + 1];
    uint16_t port = 0;
    azm_socket listener = azm_socket_listen(&port, NULL);
    struct ends ends = connect_ends(listener, port);
    azm_connections_init(&all);
    for (unsigned n = 0; n <= AZM_HUB_CROWD; n++) {
        uint64_t now_ns = n == AZM_HUB_CROWD ? AZM_HUB_CROWDED_BODY_S * S : 0;
        crowd[n] = azm_connections_add(&all, n ? AZM_SOCKET_NONE : ends.near, now_ns);
        azm_connections_enter(&all, crowd[n], AZM_CONNECTION_RECEIVING, now_ns);
    }
    expect(&ends, false);
    for (unsigned n = 0; n <= AZM_HUB_CROWD; n++)
        azm_connections_remove(&all, crowd[n]);
    azm_connections_dispose(&all);
    drop(&ends);
    azm_socket_close(listener, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_phase_has_its_time),
                                       cmocka_unit_test(newcomers_take_a_place),
                                       cmocka_unit_test(a_body_that_has_just_begun_stays)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
