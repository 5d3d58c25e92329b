#include "agent/routes.h"

#include <stdlib.h>

#include "export/file.h"
#include "export/http.h"

#define UNUSED_US (60 * INT64_C(1000000))
#define KEY_MAX   65536u

static void add_part(struct azm_buf *key, azm_slice part)
{
    uint64_t len = part.len;
    azm_buf_add(key, azm_slice_of(&len, sizeof len));
    azm_buf_add(key, part);
}

/* Two destinations are one when all of this is the same. */
static bool make_key(struct azm_buf *key, const struct azm_destination *destination)
{
    uint32_t numbers[] = {(uint32_t)destination->kind, destination->verify_server_cert,
                          destination->timeout_ms,     (uint32_t)destination->protocol,
                          destination->gzip,           destination->insecure};
    const azm_slice parts[] = {
        destination->url,      destination->api_key, destination->secret_token,     destination->ca_file,
        destination->full_url, destination->headers, destination->client_cert_file, destination->client_key_file};
    azm_buf_init(key, KEY_MAX);
    azm_buf_add(key, azm_slice_of(numbers, sizeof numbers));
    for (size_t i = 0; i < AZM_COUNT(parts); i++)
        add_part(key, parts[i]);
    return !key->failed;
}

/* Takes the sender. */
static struct azm_route *add(struct azm_routes *routes, struct azm_sender *sender, const struct azm_exporter_kind *kind,
                             azm_slice name, struct azm_error *err)
{
    struct azm_route *route = calloc(1, sizeof *route);
    if (!route) {
        sender->close(sender);
        azm_fail(err, AZM_NO_MEMORY, "no memory for another destination");
        return NULL;
    }
    azm_slice_copy(name, route->name, sizeof route->name);
    route->kind = kind;
    route->delivery = azm_delivery_open(&sender, route->name, routes->mailbox, err);
    if (!route->delivery) {
        free(route);
        return NULL;
    }
    route->next = routes->first;
    routes->first = route;
    routes->count++;
    return route;
}

enum azm_status azm_routes_init(struct azm_routes *routes, struct azm_mailbox *mailbox, const char *output,
                                struct azm_error *err)
{
    *routes = (struct azm_routes){.mailbox = mailbox, .to_file = output != NULL};
    if (!output)
        return AZM_OK;
    struct azm_error why = {AZM_OK, ""};
    struct azm_sender *sender = azm_file_sender_open(output, &why);
    if (!sender || !add(routes, sender, &azm_exporter_elastic, azm_slice_str(output), &why))
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
    azm_buf_init(&url, KEY_MAX);
    kind->url(&url, destination);
    bool whole = destination->kind == AZM_DESTINATION_OTLP;
    azm_http_public_url(whole ? azm_buf_slice(&url) : destination->url, name);
    azm_buf_dispose(&url);
}

static struct azm_route *make(struct azm_routes *routes, const struct azm_destination *destination,
                              struct azm_error *err)
{
    const struct azm_exporter_kind *kind = azm_exporter_for(destination);
    struct azm_buf name;
    if (!kind) {
        azm_fail(err, AZM_UNSUPPORTED, "no server is configured");
        return NULL;
    }
    if (routes->count >= AZM_ROUTES_MAX) {
        azm_fail(err, AZM_FULL, "%u destinations are in use already", AZM_ROUTES_MAX);
        return NULL;
    }
    struct azm_sender *sender = azm_http_open(kind, destination, err);
    if (!sender)
        return NULL;
    azm_buf_init(&name, KEY_MAX);
    add_name(&name, kind, destination);
    struct azm_route *route = add(routes, sender, kind, azm_buf_slice(&name), err);
    azm_buf_dispose(&name);
    return route;
}

struct azm_route *azm_routes_join(struct azm_routes *routes, const struct azm_destination *destination,
                                  struct azm_error *err)
{
    struct azm_buf key;
    struct azm_route *route = NULL;
    if (!make_key(&key, destination))
        azm_fail(err, AZM_TOO_BIG, "the destination's settings are too long");
    else if (!(route = find(routes, azm_buf_slice(&key))) && (route = make(routes, destination, err))) {
        route->key = key;
        key = (struct azm_buf){.max = 0};
    }
    azm_buf_dispose(&key);
    if (route)
        route->users++;
    return route;
}

void azm_routes_leave(struct azm_route *route, int64_t now_us)
{
    if (!route)
        return;
    route->users--;
    route->unused_us = now_us;
}

void azm_routes_tidy(struct azm_routes *routes, int64_t now_us)
{
    struct azm_route **at = &routes->first;
    while (*at && !routes->to_file) {
        struct azm_route *route = *at;
        bool unused = route->users == 0 && now_us - route->unused_us > UNUSED_US;
        if (unused && azm_route_state(route).waiting == 0)
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
