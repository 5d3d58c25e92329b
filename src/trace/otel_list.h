/* OpenTelemetry's lists, "key=value,key=value" with percent-encoded bytes: OTEL_EXPORTER_OTLP_HEADERS and
 * OTEL_RESOURCE_ATTRIBUTES. White space around keys and values and empty parts do not count; a value may hold '='.
 * Sources: OpenTelemetry specification (resource SDK, OTLP exporter), W3C Baggage without its properties. */
#pragma once

#include "base/arena.h"
#include "trace/transaction.h"

#define AZM_OTEL_LIST_MAX       128u   /* pairs, */
#define AZM_OTEL_LIST_BYTES_MAX 16384u /* and bytes: a ring's record has to hold it */

/* Within the limits, every part has a key, and every '%' begins two hexadecimal digits: one bad part spoils the list,
 * as the specification wants it. */
bool azm_otel_list_is_valid(azm_slice list);
/* The same, and, decoded, names and values can be those of HTTP header fields (RFC 9110: a token; no control
 * characters). */
bool azm_otel_headers_are_valid(azm_slice list);
/* The pairs, decoded; slices lie in the arena. Of two keys alike the last one counts. None for a list that is not
 * valid, and when the arena is full. */
struct azm_pairs azm_otel_list_read(azm_slice list, struct azm_arena *arena);
/* The value of this key; ptr NULL: there is none. */
azm_slice azm_pairs_get(struct azm_pairs pairs, azm_slice key);
