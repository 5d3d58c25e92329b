#include "tap/handler.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/random.h"
#include "os/entropy.h"
#include "os/socket.h"

enum { ATTEMPTS = 100, FREE_FROM = 10000, FREE_TO = 32767 };

static const char *const variables[] = {"FUNCTIONS_CUSTOMHANDLER_PORT", "FUNCTIONS_HTTPWORKER_PORT"};

uint16_t azm_handler_port(const struct azm_env *env)
{
    uint64_t port = 0;
    for (size_t i = 0; i < AZM_COUNT(variables); i++) {
        azm_slice value = azm_env_get(env, variables[i]);
        if (azm_slice_to_u64(value, &port) == AZM_OK && port > 0 && port <= 65535)
            return (uint16_t)port;
    }
    return 0;
}

uint16_t azm_handler_free_port(void)
{
    struct azm_random random;
    uint64_t seed[4] = {1};
    (void)!azm_entropy(seed, sizeof seed); /* any numbers will do */
    azm_random_init(&random, seed);
    for (unsigned i = 0; i < ATTEMPTS; i++) {
        uint16_t port = (uint16_t)(FREE_FROM + azm_random_u64(&random) % (FREE_TO - FREE_FROM + 1));
        azm_socket socket = azm_socket_bind(port, NULL);
        if (socket == AZM_SOCKET_NONE)
            continue;
        azm_socket_close(socket, false);
        return port;
    }
    return 0;
}

static bool is_port_variable(const char *entry)
{
    azm_slice name = azm_slice_str(entry);
    name = azm_slice_take(name, azm_slice_find(name, '='));
    for (size_t i = 0; i < AZM_COUNT(variables); i++)
        if (azm_slice_eq(name, azm_slice_str(variables[i])))
            return true;
    return false;
}

static bool is_digit(azm_slice text, size_t at)
{
    return at < text.len && text.ptr[at] >= '0' && text.ptr[at] <= '9';
}

/* text itself where `from` does not stand in it as a number of its own. NULL: the arena is full. */
static char *replaced(char *text, azm_slice from, azm_slice to, struct azm_arena *arena)
{
    azm_slice rest = azm_slice_str(text);
    struct azm_buf out;
    bool found = false;
    azm_buf_init(&out, 2u << 20);
    for (size_t at; (at = azm_slice_search(rest, from)) < rest.len;) {
        bool own = !is_digit(rest, at + from.len) && !(at ? is_digit(rest, at - 1) : rest.ptr > text);
        azm_buf_add(&out, azm_slice_take(rest, at));
        azm_buf_add(&out, own ? to : from);
        rest = azm_slice_drop(rest, at + from.len);
        found |= own;
    }
    azm_buf_add(&out, rest);
    if (found)
        text = out.failed ? NULL : azm_arena_str(arena, azm_buf_slice(&out));
    azm_buf_dispose(&out);
    return text;
}

static char **with_port(char *const *strings, size_t count, uint16_t from, uint16_t to, bool environment,
                        struct azm_arena *arena)
{
    char before[8], after[8];
    snprintf(before, sizeof before, "%u", from);
    snprintf(after, sizeof after, "%u", to);
    char **out = azm_arena_array(arena, char *, count + 1);
    if (!out)
        return NULL;
    memcpy(out, strings, sizeof *out * count);
    for (size_t i = environment ? 0 : 1; i < count; i++) {
        if (environment && !is_port_variable(out[i]))
            continue;
        out[i] = replaced(out[i], azm_slice_str(before), azm_slice_str(after), arena);
        if (!out[i])
            return NULL;
    }
    return out;
}

char **azm_handler_environment(char *const *envp, uint16_t from, uint16_t to, struct azm_arena *arena)
{
    size_t count = 0;
    while (envp[count])
        count++;
    return with_port(envp, count, from, to, true, arena);
}

char **azm_handler_arguments(int argc, char *const *argv, uint16_t from, uint16_t to, struct azm_arena *arena)
{
    return with_port(argv, (size_t)argc, from, to, false, arena);
}
