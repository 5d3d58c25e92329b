#include "agent/routes.h"

#include <stdlib.h>

#include "base/log.h"
#include "export/file.h"
#include "export/http.h"

#define UNUSED_US (60 * INT64_C(1000000))
#define URL_MAX   65536u

/* Takes the sender. */
static struct azm_route *add(struct azm_routes *routes, struct azm_sender *sender, const struct azm_exporter_kind *kind,
                             struct azm_spool_line *line, azm_slice name, struct azm_error *err)
{
    struct azm_route *route = calloc(1, sizeof *route);
    if (!route) {
        sender->close(sender);
        azm_fail(err, AZM_NO_MEMORY, "no memory for another destination");
        return NULL;
    }
    azm_slice_copy(name, route->name, sizeof route->name);
    route->kind = kind;
    route->line = line;
    route->delivery = azm_delivery_open(&sender, route->name, kind, routes->mailbox, line, err);
    if (!route->delivery) {
        free(route);
        return NULL;
    }
    route->next = routes->first;
    routes->first = route;
    routes->count++;
    return route;
}

enum azm_status azm_routes_init(struct azm_routes *routes, struct azm_mailbox *mailbox, struct azm_spool *spool,
                                const char *output, struct azm_error *err)
{
    *routes = (struct azm_routes){.mailbox = mailbox, .spool = output ? NULL : spool, .to_file = output != NULL};
    if (!output)
        return AZM_OK;
    struct azm_error why = {AZM_OK, ""};
    struct azm_sender *sender = azm_file_sender_open(output, &why);
    if (!sender || !add(routes, sender, &azm_exporter_elastic, NULL, azm_slice_str(output), &why))
        return azm_fail(err, why.status, "%s", why.text);
    return AZM_OK;
}

static void end(struct azm_routes *routes, struct azm_route **at)
{
    struct azm_route *route = *at;
    *at = route->next;
    routes->count--;
    azm_delivery_close(route->delivery);
    azm_buf_dispose(&route->key);
    azm_buf_dispose(&route->server);
    free(route);
}

void azm_routes_stop(struct azm_routes *routes)
{
    for (struct azm_route *route = routes->first; route; route = route->next) {
        route->last = azm_route_state(route);
        azm_delivery_close(route->delivery);
        route->delivery = NULL;
    }
}

struct azm_delivery_state azm_route_state(const struct azm_route *route)
{
    return route->delivery ? azm_delivery_state(route->delivery) : route->last;
}

void azm_routes_dispose(struct azm_routes *routes)
{
    while (routes->first)
        end(routes, &routes->first);
}

static struct azm_route *find(struct azm_routes *routes, azm_slice key)
{
    struct azm_route *route = routes->first;
    while (route && !routes->to_file && !azm_slice_eq(azm_buf_slice(&route->key), key))
        route = route->next;
    return route;
}

/* Where it goes, as the user named it: of an OTLP endpoint the whole address, since there are two ways to name one. */
static void add_name(struct azm_buf *name, const struct azm_exporter_kind *kind,
                     const struct azm_destination *destination)
{
    struct azm_buf url;
    azm_buf_init(&url, URL_MAX);
    kind->url(&url, destination);
    bool whole = destination->kind == AZM_DESTINATION_OTLP;
    azm_http_public_url(whole ? azm_buf_slice(&url) : destination->url, name);
    azm_buf_dispose(&url);
}

static struct azm_route *make(struct azm_routes *routes, const struct azm_exporter_kind *kind,
                              const struct azm_destination *destination, struct azm_error *err)
{
    struct azm_buf name;
    if (routes->count >= AZM_ROUTES_MAX) {
        azm_fail(err, AZM_FULL, "%u destinations are in use already", AZM_ROUTES_MAX);
        return NULL;
    }
    struct azm_sender *sender = azm_http_open(kind, destination, err);
    if (!sender)
        return NULL;
    azm_buf_init(&name, URL_MAX);
    add_name(&name, kind, destination);
    struct azm_spool_line *line = routes->spool ? azm_spool_line(routes->spool, kind->name, destination) : NULL;
    struct azm_route *route = add(routes, sender, kind, line, azm_buf_slice(&name), err);
    azm_buf_dispose(&name);
    return route;
}

static void name_server(struct azm_route *route, const struct azm_destination *destination)
{
    const azm_slice parts[] = {azm_slice_str(route->kind->name), destination->url, destination->full_url,
                               destination->more_urls};
    azm_buf_init(&route->server, URL_MAX);
    for (size_t i = 0; i < AZM_COUNT(parts); i++) {
        azm_buf_add(&route->server, parts[i]);
        azm_buf_add_byte(&route->server, 0);
    }
}

/* The one that is there, or a new one. */
static struct azm_route *get(struct azm_routes *routes, const struct azm_exporter_kind *kind,
                             const struct azm_destination *destination, struct azm_error *err)
{
    struct azm_buf key;
    struct azm_route *route = NULL;
    if (!azm_spool_key(&key, kind->name, destination))
        azm_fail(err, AZM_TOO_BIG, "the destination's settings are too long");
    else if (!(route = find(routes, azm_buf_slice(&key))) && (route = make(routes, kind, destination, err))) {
        route->key = key;
        key = (struct azm_buf){.max = 0};
        name_server(route, destination);
    }
    azm_buf_dispose(&key);
    return route;
}

struct azm_route *azm_routes_join(struct azm_routes *routes, const struct azm_destination *destination,
                                  enum azm_signal signal, struct azm_error *err)
{
    const struct azm_exporter_kind *kind =
        routes->to_file ? &azm_exporter_elastic : azm_exporter_for(destination, signal);
    if (!kind) {
        azm_fail(err, AZM_UNSUPPORTED, "no server is configured");
        return NULL;
    }
    struct azm_route *route = get(routes, kind, destination, err);
    if (route)
        route->users++;
    return route;
}

struct resuming {
    struct azm_routes *routes;
    int64_t now_us;
};

static void resume(void *self, const char *format, const struct azm_destination *destination)
{
    struct resuming *resuming = self;
    struct azm_error err = {AZM_OK, "it is in a format that this version does not know"};
    const struct azm_exporter_kind *kind = azm_exporter_named(format);
    struct azm_route *route = kind ? get(resuming->routes, kind, destination, &err) : NULL;
    if (route)
        route->unused_us = resuming->now_us;
    else
        azm_log(WARN, EXPORT, "doctor: a part of the spool cannot be sent: %s", err.text);
}

void azm_routes_resume(struct azm_routes *routes, int64_t now_us)
{
    struct resuming resuming = {routes, now_us};
    if (routes->spool)
        azm_spool_each(routes->spool, resume, &resuming);
}

void azm_routes_leave(struct azm_route *route, int64_t now_us)
{
    if (!route)
        return;
    route->users--;
    route->unused_us = now_us;
}

static bool is_refused(const struct azm_route *route)
{
    struct azm_delivery_state state = azm_route_state(route);
    return state.failing && (state.http_status == 401 || state.http_status == 403);
}

static void hand_on(struct azm_routes *routes, struct azm_route *from)
{
    for (struct azm_route *to = routes->first; to; to = to->next) {
        if (to == from || !to->users || !to->line ||
            !azm_slice_eq(azm_buf_slice(&to->server), azm_buf_slice(&from->server)))
            continue;
        uint64_t moved = azm_spool_move(from->line, to->line);
        if (moved)
            azm_log(INFO, EXPORT, "%s refused %llu requests; they are sent with the newer credentials for it",
                    from->name, (unsigned long long)moved);
        azm_delivery_wake(to->delivery);
        return;
    }
}

static void hand_on_refused(struct azm_routes *routes)
{
    for (struct azm_route *route = routes->first; route; route = route->next)
        if (!route->users && route->line && azm_spool_waiting(route->line).batches && is_refused(route))
            hand_on(routes, route);
}

void azm_routes_tidy(struct azm_routes *routes, int64_t now_us)
{
    struct azm_route **at = &routes->first;
    if (!routes->to_file)
        hand_on_refused(routes);
    while (*at && !routes->to_file) {
        struct azm_route *route = *at;
        bool unused = route->users == 0 && now_us - route->unused_us > UNUSED_US;
        bool waits = azm_route_state(route).waiting || (route->line && azm_spool_waiting(route->line).batches);
        if (unused && !waits)
            end(routes, at);
        else
            at = &route->next;
    }
}

void azm_routes_hurry(struct azm_routes *routes)
{
    for (struct azm_route *route = routes->first; route; route = route->next)
        azm_delivery_hurry(route->delivery);
}

bool azm_routes_busy(struct azm_routes *routes)
{
    for (struct azm_route *route = routes->first; route; route = route->next) {
        struct azm_delivery_state state = azm_route_state(route);
        if (state.waiting && !state.ended)
            return true;
    }
    return false;
}
