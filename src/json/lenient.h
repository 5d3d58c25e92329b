/* JSON as people write it into host.json and function.json: with comments and trailing commas. */
#pragma once

#include "base/buf.h"

/* Where something is wrong, counted from 1; columns in bytes. */
struct azm_json_place {
    size_t line, column;
};

/* Appends text to *out with its comments and its commas before '}' or ']' overwritten by spaces, so that every other
 * character stays in its place. AZM_BAD_INPUT: a comment without an end, *place is its beginning. What else may be
 * wrong with the text is the parser's to find. AZM_NO_MEMORY when *out is full. */
enum azm_status azm_json_blank_comments(struct azm_buf *out, azm_slice text,
                                        struct azm_json_place *place) AZM_MUST_CHECK;
/* Of the byte at `at`. */
struct azm_json_place azm_json_place_of(azm_slice text, size_t at);
/* How deep objects and arrays stand in one another at most. */
size_t azm_json_depth(azm_slice text);
