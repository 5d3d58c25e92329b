/* What a ring's writer tells of itself, beside its events: notes and reports. */
#pragma once

#include <stddef.h>

#include "ring/record.h"

#define AZM_NEWS_NOTES 4u

struct azm_news {
    int64_t event_us;         /* wall clock: an event was last read; 0: never */
    struct azm_report report; /* over report_record */
    bool has_report;
    char report_record[1024];
    char notes[AZM_NEWS_NOTES][200]; /* the last few lines, each once, the oldest first */
    size_t note_count;
};

void azm_news_note(struct azm_news *news, azm_slice line); /* copied, cut to length */
/* Copies the record. AZM_BAD_INPUT: not understood; what was known stays. */
enum azm_status azm_news_report(struct azm_news *news, azm_slice record) AZM_MUST_CHECK;
