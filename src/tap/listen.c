#include "tap/listen.h"

#include "base/random.h"
#include "os/entropy.h"

enum { ATTEMPTS = 100 };

static unsigned digits_of(unsigned port)
{
    unsigned digits = 1;
    for (; port >= 10; port /= 10)
        digits++;
    return digits;
}

static uint16_t random_port(struct azm_random *random, unsigned digits)
{
    static const struct {
        uint16_t from, to;
    } ranges[] = {{0, 0}, {1, 9}, {10, 99}, {100, 999}, {1024, 9999}, {10000, 65535}};
    if (digits >= AZM_COUNT(ranges))
        digits = 0;
    uint64_t width = (uint64_t)ranges[digits].to - ranges[digits].from + 1;
    return (uint16_t)(ranges[digits].from + azm_random_u64(random) % width);
}

static void close_all(azm_socket sockets[AZM_LISTENERS_MAX])
{
    for (size_t i = 0; i < AZM_LISTENERS_MAX; i++) {
        if (sockets[i] != AZM_SOCKET_NONE)
            azm_socket_close(sockets[i], false);
        sockets[i] = AZM_SOCKET_NONE;
    }
}

/* One attempt, on *port or, when that is 0, on one that the system chooses. */
static bool listen_once(uint16_t *port, unsigned digits, bool localhost, azm_socket sockets[AZM_LISTENERS_MAX],
                        struct azm_error *err)
{
    struct azm_error failure = {0};
    sockets[0] = azm_socket_listen(port, err);
    if (sockets[0] == AZM_SOCKET_NONE)
        return false;
    if (localhost)
        sockets[1] = azm_socket_listen_v6(*port, &failure);
    if (failure.status != AZM_BUSY && (digits == 0 || digits_of(*port) == digits))
        return true;
    close_all(sockets);
    (void)azm_fail(err, AZM_BUSY, "no free port of %u digits was found", digits);
    return false;
}

uint16_t azm_listen(unsigned digits, bool localhost, azm_socket sockets[AZM_LISTENERS_MAX], struct azm_error *err)
{
    struct azm_random random;
    uint64_t seed[4] = {1};
    for (size_t i = 0; i < AZM_LISTENERS_MAX; i++)
        sockets[i] = AZM_SOCKET_NONE;
    if (digits)
        (void)!azm_entropy(seed, sizeof seed); /* any numbers will do */
    azm_random_init(&random, seed);
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        uint16_t port = i % 2 ? random_port(&random, digits) : 0;
        if (listen_once(&port, digits, localhost, sockets, err))
            return port;
    }
    return 0;
}
