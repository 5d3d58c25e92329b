#include "export/halve.h"

#include "proto/wire.h"

static azm_slice next_line(azm_slice *rest)
{
    size_t end = azm_slice_find(*rest, '\n');
    azm_slice line = azm_slice_take(*rest, end + 1);
    *rest = azm_slice_drop(*rest, end + 1);
    return line;
}

bool azm_halve_lines(azm_slice body, struct azm_buf halves[2], uint64_t events[2])
{
    azm_slice metadata = next_line(&body), rest = body;
    uint64_t all = 0;
    for (; rest.len; all++)
        next_line(&rest);
    events[0] = all / 2;
    events[1] = all - events[0];
    for (size_t half = 0; half < 2; half++) {
        azm_slice first = body;
        for (uint64_t i = 0; i < events[half]; i++)
            next_line(&body);
        azm_buf_add(&halves[half], metadata);
        azm_buf_add(&halves[half], azm_slice_take(first, first.len - body.len));
    }
    return all > 1 && !halves[0].failed && !halves[1].failed;
}

/* resource_spans = 1 of the request, scope_spans = 2 of these, spans = 2 of these; the same for logs and metrics. */
static const uint32_t path[] = {1, 2, 2};
#define EVENT (AZM_COUNT(path) - 1)

/* Copies the events numbered from..to - 1, and all that is around them. *at counts events. False: malformed. out NULL:
 * only counts. */
static bool copy(azm_slice message, size_t depth, uint64_t *at, uint64_t from, uint64_t to, struct azm_buf *out)
{
    struct azm_wire_field field;
    enum azm_status status;
    azm_slice rest = message;
    while ((status = azm_wire_next(&rest, &field)) == AZM_OK) {
        azm_slice raw = azm_slice_take(message, message.len - rest.len);
        message = rest;
        bool on_path = field.no == path[depth] && field.type == AZM_WIRE_BYTES;
        if (on_path && depth < EVENT) {
            struct azm_buf inner;
            uint64_t before = *at;
            azm_buf_init(&inner, field.bytes.len);
            bool good = copy(field.bytes, depth + 1, at, from, to, out ? &inner : NULL) && !inner.failed;
            if (good && out && before<to && * at> from)
                azm_wire_put_bytes(out, field.no, azm_buf_slice(&inner));
            azm_buf_dispose(&inner);
            if (!good)
                return false;
        } else if (on_path) {
            if (out && *at >= from && *at < to)
                azm_buf_add(out, raw);
            ++*at;
        } else if (out) {
            azm_buf_add(out, raw);
        }
    }
    return status == AZM_END;
}

bool azm_halve_otlp(azm_slice body, struct azm_buf halves[2], uint64_t events[2])
{
    uint64_t all = 0, at = 0;
    if (!copy(body, 0, &all, 0, 0, NULL) || all < 2)
        return false;
    events[0] = all / 2;
    events[1] = all - events[0];
    bool good = copy(body, 0, &at, 0, events[0], &halves[0]);
    at = 0;
    return good && copy(body, 0, &at, events[0], all, &halves[1]) && !halves[0].failed && !halves[1].failed;
}
