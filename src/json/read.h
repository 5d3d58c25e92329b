/* Reading JSON documents: jansson, with limits, errors that say where, and getters that ask once.
 * Values are jansson's: json_decref() the root, everything below is borrowed from it. */
#pragma once

#include <jansson.h>

#include "base/slice.h"

#define AZM_JSON_TEXT_MAX  ((size_t)64 << 20)
#define AZM_JSON_DEPTH_MAX 128u

/* One value and nothing behind it; a byte order mark before it is skipped. The root is the caller's; NULL on failure.
 * AZM_BAD_INPUT, AZM_TOO_BIG: the sentence begins with `what` (a file's name, for instance), line and column.
 * Members that occur twice: the last one counts. */
enum azm_status azm_json_parse(azm_slice text, const char *what, json_t **root, struct azm_error *err) AZM_MUST_CHECK;
/* The same for files that people write: comments and trailing commas may stand in them. */
enum azm_status azm_json_parse_config(azm_slice text, const char *what, json_t **root,
                                      struct azm_error *err) AZM_MUST_CHECK;

/* All of these take NULL and values of any type, and then find nothing. Keys are matched exactly first, else without
 * case: workers and people differ in it, .NET does not care. */
json_t *azm_json_get(const json_t *object, const char *key);
/* Below, by keys with dots between: "extensions.http.routePrefix". Keys of 64 bytes at most. */
json_t *azm_json_at(const json_t *object, const char *path);
/* A string's text; ptr NULL when value is none. */
azm_slice azm_json_slice(const json_t *value);
azm_slice azm_json_get_slice(const json_t *object, const char *key);
/* fallback when there is no such member, or it is of another type. */
bool azm_json_get_bool(const json_t *object, const char *key, bool fallback);
int64_t azm_json_get_int(const json_t *object, const char *key, int64_t fallback);
