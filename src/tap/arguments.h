/* The host's address in a worker's argv. The host appends `--host H --port P --workerId ..` and, since 4.x, also
 * `--functions-uri http://H:P/ --functions-worker-id ..`; which of the two a worker reads differs by language, so both
 * are changed. Names are taken without case, values in the same or the next argument. Everything else is passed on. */
#pragma once

#include "base/arena.h"
#include "base/slice.h"

enum {
    AZM_TARGETS_MAX = 2, /* both sets name the same address in every host we know; if not, each gets its own */
    AZM_ARGUMENT_SPOTS_MAX = 8,
};

/* Where the host listens: a numeric address, or "localhost". Other names are left alone: a worker that got one is not
 * ours to relay (design: what is not understood is passed on). */
struct azm_target {
    char host[48]; /* without the brackets of an IPv6 address */
    uint16_t port;
};

struct azm_argument_spot {
    int index;         /* in argv */
    size_t start, len; /* the bytes to be replaced */
    bool host, port;   /* what they hold; both: "host:port" */
    size_t target;
};

struct azm_arguments {
    struct azm_target targets[AZM_TARGETS_MAX];
    size_t target_count; /* 0: not a worker's argv, nothing to change */
    struct azm_argument_spot spots[AZM_ARGUMENT_SPOTS_MAX];
    size_t spot_count;
};

/* argv[0] is not looked at. --host and --port alone are any program's options: they count only beside a worker or
 * request id. When an option is repeated, the last one tells the address, and earlier ones are changed only if they
 * name the same. */
void azm_arguments_read(int argc, char *const *argv, struct azm_arguments *out);

/* argv with each target's address replaced by 127.0.0.1 and its port in ports[]. The array and the changed strings live
 * in the arena, the others are argv's own. NULL when the arena is full. */
char **azm_arguments_rewrite(const struct azm_arguments *found, int argc, char *const *argv, const uint16_t *ports,
                             struct azm_arena *arena);
