#include "recording/pair.h"

static struct azm_recording_event turned(struct azm_recording_event event, uint32_t first)
{
    event.connection += first - 1;
    if (event.kind != AZM_RECORDING_OPEN)
        event.side = event.side == AZM_RECORDING_WORKER ? AZM_RECORDING_HOST : AZM_RECORDING_WORKER;
    return event;
}

enum azm_status azm_recording_join(const struct azm_recording *grpc, const struct azm_recording *http,
                                   struct azm_arena *arena, struct azm_recording *out, struct azm_error *err)
{
    size_t count = grpc->event_count + http->event_count, n = 0, a = 0, b = 0;
    if (grpc->connections + http->connections > AZM_RECORDING_CONNECTIONS)
        return azm_fail(err, AZM_TOO_BIG, "over %u connections in the two legs", AZM_RECORDING_CONNECTIONS);
    struct azm_recording_event *events = azm_arena_array(arena, struct azm_recording_event, count);
    *out = *grpc;
    out->first_http = grpc->connections + 1;
    out->connections = grpc->connections + http->connections;
    while (n < count) {
        bool of_grpc =
            b == http->event_count || (a < grpc->event_count && grpc->events[a].t_us <= http->events[b].t_us);
        events[n++] = of_grpc ? grpc->events[a++] : turned(http->events[b++], out->first_http);
    }
    out->events = events;
    out->event_count = n;
    return AZM_OK;
}

/* "HttpUri" as a map's key, then the value's tag and length: at the value. */
static size_t find_value(azm_slice bytes)
{
    const azm_slice wanted = AZM_S("\x07HttpUri\x12");
    for (size_t i = 0; i + wanted.len + 1 < bytes.len; i++)
        if (azm_slice_starts(azm_slice_drop(bytes, i), wanted))
            return i + wanted.len + 1;
    return SIZE_MAX;
}

static bool read_uri(azm_slice bytes, size_t at, uint64_t before, struct azm_recorded_uri *out)
{
    size_t len = (uint8_t)bytes.ptr[at - 1];
    azm_slice value = azm_slice_take(azm_slice_drop(bytes, at), len);
    size_t colon = azm_slice_rfind(value, ':');
    if (value.len < len || !azm_slice_starts(value, AZM_S("http://")) || colon == value.len)
        return false;
    azm_slice port = azm_slice_drop(value, colon + 1);
    port = azm_slice_take(port, azm_slice_find(port, '/'));
    out->at = before + at;
    out->len = len;
    out->port = (char *)(uintptr_t)port.ptr;
    out->port_at = before + (size_t)(port.ptr - bytes.ptr);
    out->digits = port.len;
    return port.len > 0;
}

bool azm_recording_find_uri(const struct azm_recording *recording, struct azm_recorded_uri *out)
{
    uint64_t before[AZM_RECORDING_CONNECTIONS + 1] = {0}; /* bytes of the worker so far */
    for (size_t i = 0; i < recording->event_count; i++) {
        const struct azm_recording_event *event = &recording->events[i];
        if (event->kind != AZM_RECORDING_CHUNK || event->side != AZM_RECORDING_WORKER)
            continue;
        size_t at = find_value(event->bytes);
        out->connection = event->connection;
        if (at != SIZE_MAX && read_uri(event->bytes, at, before[event->connection], out))
            return true;
        before[event->connection] += event->bytes.len;
    }
    return false;
}
