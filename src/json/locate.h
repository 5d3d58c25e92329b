/* Where a member stands in the text of a JSON document, so that it can be changed and everything else keeps its bytes.
 */
#pragma once

#include "base/slice.h"

/* Positions in the text; key with its quotes, ends behind the last byte. */
struct azm_json_member {
    size_t key, key_end, value, value_end;
};

/* path: keys with dots between, below objects only. Keys are matched as azm_json_at() does (json/read.h); of members
 * that occur twice the last one counts. A key that is written with escapes is not found.
 * plain: without comments, as azm_json_blank_comments() leaves it, and taken by a parser: what is no JSON is not
 * diagnosed here, only never read beyond its end. AZM_NOT_FOUND. */
enum azm_status azm_json_locate(azm_slice plain, const char *path, struct azm_json_member *out) AZM_MUST_CHECK;
