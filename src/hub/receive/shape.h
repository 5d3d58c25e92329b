/* What a JSON object must look like, as a table: intake v2's schemas in short form.
 * A key that is not in the table may hold anything. null stands for an absent key. */
#pragma once

#include "base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct json_t;

enum azm_shape_type {
    AZM_STRING = 1,
    AZM_INTEGER = 2, /* also 3.0 */
    AZM_NUMBER = 4,
    AZM_BOOLEAN = 8,
    AZM_OBJECT = 16,
    AZM_ARRAY = 32,
    AZM_REQUIRED = 64,  /* and not null */
    AZM_POSITIVE = 128, /* a number of at least min */
    AZM_FILLED = 256,   /* a string of at least one character */
    AZM_WORD = 512,     /* a string of letters, digits, space, _ and - */
    AZM_OUTCOME = 1024, /* success, failure or unknown */
};

struct azm_shape;

struct azm_field {
    const char *key;
    unsigned type;                 /* of enum azm_shape_type; 0: anything */
    uint16_t max_chars;            /* of a string; 0: no limit */
    uint16_t min;                  /* with AZM_POSITIVE */
    const struct azm_shape *shape; /* of an object, or of the items of an array */
};

struct azm_shape {
    const struct azm_field *fields;
    size_t count;
    const char *either, *or_else; /* at least one of the two must be there */
    const struct azm_field *each; /* of every value, whatever its key; each->key is not looked at */
    const char *keys_without;     /* characters no key may hold */
    const char *with[2];          /* one of the two needs the other */
    bool joined;                  /* an error: trace_id, transaction_id and parent_id need each other */
};

/* AZM_OK, or AZM_BAD_INPUT with the key's path from `name` on and what was expected. */
enum azm_status azm_shape_check(const struct azm_shape *shape, const char *name, const struct json_t *value,
                                struct azm_error *err) AZM_MUST_CHECK;
/* The same for what a hub exported, which may have come by OTLP: a name may hold what AZM_WORD forbids, an error needs
 * no parent. */
enum azm_status azm_shape_check_exported(const struct azm_shape *shape, const char *name, const struct json_t *value,
                                         struct azm_error *err) AZM_MUST_CHECK;

/* The shapes of intake v2. Source: elastic/apm-data, input/elasticapm/docs/spec/v2 (Apache-2.0). Beyond them: ids are
 * not empty, and timestamp may be RFC 3339 text, which the server's decoder takes too. */
extern const struct azm_shape azm_shape_metadata, azm_shape_transaction, azm_shape_span, azm_shape_error,
    azm_shape_metricset, azm_shape_log;
