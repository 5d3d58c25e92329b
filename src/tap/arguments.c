#include "tap/arguments.h"

#include <ctype.h>

#include <uv.h>

struct option {
    int index;
    size_t start; /* of the value */
    azm_slice value;
};

/* The option's name without dashes and its value, from "--name=value" or "--name" "value". */
static bool read_option(int argc, char *const *argv, int i, azm_slice *name, struct option *out)
{
    azm_slice arg = azm_slice_str(argv[i]);
    if (!azm_slice_starts(arg, AZM_S("--")))
        return false;
    arg = azm_slice_drop(arg, 2);
    size_t equals = azm_slice_find(arg, '=');
    *name = azm_slice_take(arg, equals);
    if (equals < arg.len)
        *out = (struct option){i, 2 + equals + 1, azm_slice_drop(arg, equals + 1)};
    else if (i + 1 < argc)
        *out = (struct option){i + 1, 0, azm_slice_str(argv[i + 1])};
    else
        *out = (struct option){i, 0, {NULL, 0}};
    return true;
}

static bool read_port(azm_slice text, uint16_t *port)
{
    uint64_t number;
    if (text.len > 5 || azm_slice_to_u64(text, &number) != AZM_OK || number == 0 || number > UINT16_MAX)
        return false;
    *port = (uint16_t)number;
    return true;
}

static bool read_host(azm_slice text, struct azm_target *target)
{
    unsigned char address[16];
    if (text.len == 0 || text.len >= sizeof(target->host))
        return false;
    azm_slice_copy(text, target->host, sizeof(target->host));
    return azm_slice_eq_nocase(text, AZM_S("localhost")) || uv_inet_pton(AF_INET, target->host, address) == 0 ||
           uv_inet_pton(AF_INET6, target->host, address) == 0;
}

/* "http://host:port/path": the authority's place in the URI and what it says. Without a port it is HTTP's. */
static bool read_uri(azm_slice uri, size_t *start, azm_slice *authority, struct azm_target *target)
{
    static const azm_slice scheme = {"http://", 7};
    if (!azm_slice_starts_nocase(uri, scheme))
        return false;
    *start = scheme.len;
    azm_slice rest = azm_slice_drop(uri, scheme.len);
    size_t end = 0;
    while (end < rest.len && rest.ptr[end] != '/' && rest.ptr[end] != '?' && rest.ptr[end] != '#')
        end++;
    *authority = azm_slice_take(rest, end);
    azm_slice host = *authority;
    size_t colon = azm_slice_rfind(host, ':');
    bool bracketed = host.len > 0 && host.ptr[0] == '[';
    size_t bracket = bracketed ? azm_slice_find(host, ']') : 0;
    target->port = 80;
    if (colon < host.len && (!bracketed || colon > bracket)) {
        if (!read_port(azm_slice_drop(host, colon + 1), &target->port))
            return false;
        host = azm_slice_take(host, colon);
    }
    if (bracketed) {
        if (bracket + 1 != host.len)
            return false;
        host = azm_slice_of(host.ptr + 1, host.len - 2);
    }
    return read_host(host, target);
}

/* "workerId", "functions-worker-id", "functions-workerid", and the same for the request id. */
static bool is_host_id(azm_slice name)
{
    char letters[24];
    size_t len = 0;
    if (azm_slice_starts_nocase(name, AZM_S("functions-")))
        name = azm_slice_drop(name, strlen("functions-"));
    for (size_t i = 0; i < name.len && len < sizeof(letters); i++)
        if (name.ptr[i] != '-')
            letters[len++] = name.ptr[i];
    azm_slice plain = azm_slice_of(letters, len);
    return azm_slice_eq_nocase(plain, AZM_S("workerid")) || azm_slice_eq_nocase(plain, AZM_S("requestid"));
}

static bool same_target(const struct azm_target *a, const struct azm_target *b)
{
    return a->port == b->port && azm_slice_eq_nocase(azm_slice_str(a->host), azm_slice_str(b->host));
}

/* AZM_TARGETS_MAX when there are too many. */
static size_t target_index(struct azm_arguments *found, const struct azm_target *target)
{
    for (size_t i = 0; i < found->target_count; i++)
        if (same_target(&found->targets[i], target))
            return i;
    if (found->target_count == AZM_TARGETS_MAX)
        return AZM_TARGETS_MAX;
    found->targets[found->target_count] = *target;
    return found->target_count++;
}

static void add_spot(struct azm_arguments *found, struct azm_argument_spot spot)
{
    if (found->spot_count < AZM_ARGUMENT_SPOTS_MAX && spot.target < AZM_TARGETS_MAX)
        found->spots[found->spot_count++] = spot;
}

static void add_uri(struct azm_arguments *found, const struct option *option)
{
    struct azm_target target;
    azm_slice authority;
    size_t start;
    if (read_uri(option->value, &start, &authority, &target))
        add_spot(found, (struct azm_argument_spot){option->index, option->start + start, authority.len, true, true,
                                                   target_index(found, &target)});
}

/* Every --host or --port with the value of the last one. */
static void add_same(struct azm_arguments *found, int argc, char *const *argv, azm_slice wanted, azm_slice value,
                     size_t target)
{
    for (int i = 1; i < argc; i++) {
        azm_slice name;
        struct option option;
        if (read_option(argc, argv, i, &name, &option) && azm_slice_eq_nocase(name, wanted) &&
            azm_slice_eq_nocase(option.value, value)) {
            bool host = wanted.len == strlen("host") && azm_slice_eq(wanted, AZM_S("host"));
            add_spot(found, (struct azm_argument_spot){option.index, option.start, value.len, host, !host, target});
        }
    }
}

void azm_arguments_read(int argc, char *const *argv, struct azm_arguments *out)
{
    *out = (struct azm_arguments){0};
    azm_slice host = {NULL, 0}, port = {NULL, 0};
    bool ids = false;
    for (int i = 1; i < argc; i++) {
        azm_slice name;
        struct option option;
        if (!read_option(argc, argv, i, &name, &option))
            continue;
        if (azm_slice_eq_nocase(name, AZM_S("functions-uri")))
            add_uri(out, &option);
        else if (azm_slice_eq_nocase(name, AZM_S("host")))
            host = option.value;
        else if (azm_slice_eq_nocase(name, AZM_S("port")))
            port = option.value;
        else
            ids = ids || is_host_id(name);
    }
    struct azm_target target;
    if ((!ids && out->target_count == 0) || !read_port(port, &target.port))
        return;
    if (!read_host(host.ptr ? host : AZM_S("127.0.0.1"), &target))
        return;
    size_t index = target_index(out, &target);
    add_same(out, argc, argv, AZM_S("port"), port, index);
    if (host.ptr)
        add_same(out, argc, argv, AZM_S("host"), host, index);
}

static char *replaced(const char *arg, const struct azm_argument_spot *spot, uint16_t port, struct azm_arena *arena)
{
    const char *after = arg + spot->start + spot->len;
    int before = (int)spot->start;
    if (spot->host && spot->port)
        return azm_arena_printf(arena, "%.*s127.0.0.1:%u%s", before, arg, (unsigned)port, after);
    if (spot->host)
        return azm_arena_printf(arena, "%.*s127.0.0.1%s", before, arg, after);
    return azm_arena_printf(arena, "%.*s%u%s", before, arg, (unsigned)port, after);
}

char **azm_arguments_rewrite(const struct azm_arguments *found, int argc, char *const *argv, const uint16_t *ports,
                             struct azm_arena *arena)
{
    char **out = azm_arena_array(arena, char *, (size_t)argc + 1);
    if (!out)
        return NULL;
    memcpy(out, argv, sizeof(*out) * (size_t)argc);
    for (size_t i = 0; i < found->spot_count; i++) {
        const struct azm_argument_spot *spot = &found->spots[i];
        out[spot->index] = replaced(argv[spot->index], spot, ports[spot->target], arena);
        if (!out[spot->index])
            return NULL;
    }
    return out;
}
