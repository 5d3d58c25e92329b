/* JSON objects as events are written in: fields without a value are left out, objects without a field vanish, and text
 * is cut to Elastic's limits. A layer over json/write.h, for keys that are ours. */
#pragma once

#include "json/write.h"
#include "trace/transaction.h"

#define AZM_LONG_TEXT_MAX 10000u /* characters of a message or statement: Elastic's long_field_max_length */
#define AZM_KEYWORD_MAX   1024u  /* characters of a keyword field (intake v2 schemas: maxLength) */

struct azm_object_mark {
    size_t before, inside;
    bool comma;
};

/* key NULL: an element of a list, or the outermost object. */
struct azm_object_mark azm_object_open(struct azm_json_writer *json, const char *key);
struct azm_object_mark azm_object_open_list(struct azm_json_writer *json, const char *key);
/* Take the whole thing back when nothing was put inside. */
void azm_object_close(struct azm_json_writer *json, struct azm_object_mark mark);
void azm_object_close_list(struct azm_json_writer *json, struct azm_object_mark mark);

/* Nothing when value.ptr is NULL. Cut to AZM_KEYWORD_MAX characters; invalid UTF-8 becomes U+FFFD. */
void azm_object_text(struct azm_json_writer *json, const char *key, azm_slice value);
/* The same, cut to AZM_LONG_TEXT_MAX. */
void azm_object_long_text(struct azm_json_writer *json, const char *key, azm_slice value);
void azm_object_number(struct azm_json_writer *json, const char *key, int64_t value);
void azm_object_bool(struct azm_json_writer *json, const char *key, bool value);
void azm_object_hex(struct azm_json_writer *json, const char *key, const uint8_t *bytes, size_t n);
/* "labels", "tags": keys with '.', '*' and '"' replaced by '_'. */
void azm_object_labels(struct azm_json_writer *json, const char *key, const struct azm_pairs *labels);
/* Headers: name -> value, or list of values for a name that stands there more than once (in any case of letters). */
void azm_object_headers(struct azm_json_writer *json, const char *key, const struct azm_pairs *headers);
