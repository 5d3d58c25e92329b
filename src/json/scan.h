/* A resumable JSON scanner: takes a text in pieces of any size, builds nothing, and tells its parts one after the
 * other. Memory is this struct whatever the text's size. For texts that are megabytes long and of which a few members
 * matter; for documents see json/read.h. Source: RFC 8259. */
#pragma once

#include "base/slice.h"

#define AZM_JSON_SCAN_TEXT  512u /* bytes of a key, string, number or word that are told */
#define AZM_JSON_SCAN_DEPTH 64u

enum azm_json_part {
    AZM_JSON_OBJECT,
    AZM_JSON_OBJECT_END,
    AZM_JSON_ARRAY,
    AZM_JSON_ARRAY_END,
    AZM_JSON_KEY,
    AZM_JSON_STRING,
    AZM_JSON_PIECE, /* where `pieces` is set: some of a string that goes on, and ends with AZM_JSON_STRING */
    AZM_JSON_WORD,  /* a number, true, false, null: as it is written, not checked further */
};

struct azm_json_scan {
    /* text: of a key or string without its escapes, or a word; borrowed until the call returns. whole: nothing of it
     * was cut. Escapes that are no characters become U+FFFD; other bytes pass as they are, also those that are no
     * UTF-8. */
    void (*part)(void *self, enum azm_json_part part, azm_slice text, bool whole);
    void *self;
    bool pieces;      /* to be set after _begin: a string that is no key is told in pieces rather than cut */
    uint64_t objects; /* a bit for each level: 1 for an object */
    uint32_t unicode, high;
    uint16_t used;
    uint8_t depth, state, digits;
    bool key, whole;
    char text[AZM_JSON_SCAN_TEXT];
};

void azm_json_scan_begin(struct azm_json_scan *scan,
                         void (*part)(void *self, enum azm_json_part part, azm_slice text, bool whole), void *self);
/* The next piece. AZM_BAD_INPUT: no JSON (or nothing may follow any more); AZM_TOO_BIG: too deep. Either is said again
 * by every further call. */
enum azm_status azm_json_scan_feed(struct azm_json_scan *scan, azm_slice piece) AZM_MUST_CHECK;
/* The text is complete. AZM_BAD_INPUT: a value was not. */
enum azm_status azm_json_scan_end(struct azm_json_scan *scan) AZM_MUST_CHECK;
