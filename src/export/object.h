/* JSON objects as events are written in: fields without a value are left out, objects without a field vanish, and text
 * is cut to Elastic's limits. Over a buf, so errors wait in out->failed. */
#pragma once

#include "base/buf.h"
#include "trace/transaction.h"

#define AZM_KEYWORD_MAX 1024u /* characters of a keyword field (intake v2 schemas: maxLength) */

struct azm_object {
    struct azm_buf *out;
    bool comma; /* something stands before the next field */
};

struct azm_object_mark {
    size_t before, inside;
    bool comma;
};

/* key NULL: an element of a list, or the outermost object. */
struct azm_object_mark azm_object_open(struct azm_object *json, const char *key, char bracket);
/* bracket: '}' or ']'. Takes the whole thing back when nothing was put inside. */
void azm_object_close(struct azm_object *json, struct azm_object_mark mark, char bracket);

void azm_object_key(struct azm_object *json, azm_slice key);
/* Nothing when value.ptr is NULL. Cut to AZM_KEYWORD_MAX characters; invalid UTF-8 becomes U+FFFD. */
void azm_object_text(struct azm_object *json, const char *key, azm_slice value);
void azm_object_number(struct azm_object *json, const char *key, int64_t value);
void azm_object_bool(struct azm_object *json, const char *key, bool value);
void azm_object_hex(struct azm_object *json, const char *key, const uint8_t *bytes, size_t n);
/* "labels", "tags": keys with '.', '*' and '"' replaced by '_', later ones of the same key left out. */
void azm_object_labels(struct azm_object *json, const char *key, const struct azm_pairs *labels);
/* Headers: name -> value, or list of values for a name that stands there more than once (in any case of letters). */
void azm_object_headers(struct azm_object *json, const char *key, const struct azm_pairs *headers);

/* A quoted string of at most max characters. */
void azm_json_quote(struct azm_buf *out, azm_slice text, size_t max_chars);
