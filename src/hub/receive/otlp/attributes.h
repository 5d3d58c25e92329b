/* Looking at attributes, and writing them as JSON and as text. */
#pragma once

#include "hub/receive/otlp/model.h"
#include "hub/store/batch.h"
#include "json/write.h"

/* The value of the first of these names (end with NULL) that is there; NULL: none is. */
const struct azm_otlp_value *azm_otlp_get(const struct azm_otlp_attributes *attributes, const char *name,
                                          const char *older, const char *oldest);
/* The same, as text; len 0 when it is none. */
azm_slice azm_otlp_get_text(const struct azm_otlp_attributes *attributes, const char *name, const char *older);
/* The same, as a number, which may be text; fallback when it is none. */
int64_t azm_otlp_get_int(const struct azm_otlp_attributes *attributes, const char *name, const char *older,
                         int64_t fallback);

/* Text as it is, other scalars written out, lists and maps as JSON. In arena where it had to be made. */
azm_slice azm_otlp_text_of(const struct azm_otlp_value *value, struct azm_arena *arena);
void azm_otlp_put_value(struct azm_json_writer *json, const struct azm_otlp_value *value);
/* {"key": value, ...} */
void azm_otlp_put_attributes(struct azm_json_writer *json, const struct azm_otlp_attributes *attributes);
/* What an event can be found by; at most 64, copied into the arena. */
size_t azm_otlp_pairs(const struct azm_otlp_attributes *attributes, struct azm_arena *arena,
                      const struct azm_pair **pairs);

/* Members of JSON objects: nothing is written when the text is empty. */
void azm_otlp_put(struct azm_json_writer *json, const char *key, azm_slice text);
