/* What an event can be found by, as text for a full-text index: its words, and a made-up word for each of its values
 * that are asked for by equality ("service is orders"), so one index answers any mix of conditions.
 * A word is a run of ASCII letters and digits and of bytes beyond ASCII; the case of ASCII letters does not count.
 * Made-up words begin with U+E000, which is taken out of foreign text. */
#pragma once

#include "base/buf.h"
#include "hub/store/batch.h"

/* Conditions on one event. Empty text, 0 and -1 ask for nothing. */
struct azm_event_filter {
    azm_slice words; /* all of them; one that ends with '*' is a beginning */
    azm_slice service, environment, name, type, function, trigger, level;
    azm_slice operation; /* of errors: the name of their transaction */
    azm_slice status;    /* "404", or a class: "4xx" */
    int kind;            /* enum azm_event_kind, or -1 */
    int outcome;         /* enum azm_outcome, or -1 */
    bool coldstart;      /* only cold starts */
    uint64_t group;      /* of errors */
    int64_t min_us,
        max_us;   /* duration; max_us 0: no limit. The index knows powers of two: check the event itself, too */
    bool or_none; /* with min_us or max_us: also what has no duration, as logs */
    const struct azm_pair *attributes;
    size_t attribute_count;
};

void azm_event_filter_init(struct azm_event_filter *filter);
bool azm_event_filter_is_empty(const struct azm_event_filter *filter);

enum { AZM_WORD_MAX = 64 };

/* The pieces that other indexes than SQLite's are made of. Adds the words of an event, a space before each; out's
 * ceiling bounds them. */
void azm_words_text(const struct azm_event *event, struct azm_buf *out);
/* The word without case, as it is to be compared. Bytes. */
size_t azm_word_fold(azm_slice word, char out[AZM_WORD_MAX]);
/* The same for an attribute that is sent and one that is asked for. */
uint64_t azm_attribute_hash(const struct azm_pair *pair);
/* Cuts the next word that is asked for off the front of *text; *found counts them, from 0. AZM_END: that was all.
 * AZM_BAD_INPUT: too many, too long, or none at all. */
enum azm_status azm_words_asked(azm_slice *text, unsigned *found, azm_slice *word, bool *beginning,
                                struct azm_error *err) AZM_MUST_CHECK;
/* "404", "4xx": the statuses that are meant. AZM_BAD_INPUT. */
enum azm_status azm_words_status(azm_slice status, unsigned *least, unsigned *most,
                                 struct azm_error *err) AZM_MUST_CHECK;

/* Adds the document of an event. out's ceiling bounds it: what does not fit is not indexed. */
void azm_words_document(const struct azm_event *event, azm_slice environment, struct azm_buf *out);
/* Adds the condition, as SQLite's FTS5 wants it. AZM_BAD_INPUT: the words hold nothing to look for. */
enum azm_status azm_words_match(const struct azm_event_filter *filter, struct azm_buf *out,
                                struct azm_error *err) AZM_MUST_CHECK;
