/* What the files of the export share. Inside src/hub/exchange only. */
#pragma once

#include "hub/exchange/export.h"

#include <jansson.h>

/* One process and what was written of it so far: intake has its lines in `first`; OTLP spans in `first`, logs in
 * `second`. */
struct azm_exported {
    int64_t id;
    azm_slice metadata;
    struct azm_buf first, second;
    bool by_otlp;
    uint64_t scopes[2]; /* OTLP: whose list is open, as a hash; 0: none is */
};

struct azm_export_kind {
    void (*add)(struct azm_exported *process, const struct azm_event_row *row, json_t *raw);
    void (*write)(struct azm_exported *processes, size_t count, struct azm_buf *out);
};

extern const struct azm_export_kind azm_export_intake, azm_export_otlp;

/* --- OTLP: attributes, as a JSON object of names and values; the first value of a name stays --- */

/* Of a resource, from intake's metadata. The caller's. */
json_t *azm_export_resource(const json_t *metadata);
/* Of a transaction, span, error or log. by_otlp: it came by OTLP, and has its attributes. The caller's. */
json_t *azm_export_attributes(const struct azm_event *event, const json_t *raw, bool by_otlp);
