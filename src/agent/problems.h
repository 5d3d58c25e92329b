/* What is wrong with one process, each in a sentence, with what would mend it: for the status and the doctor. */
#pragma once

#include "agent/feed.h"
#include "export/object.h"

enum azm_problem_level {
    AZM_PROBLEM_INFO,    /* good to know; nothing is missing */
    AZM_PROBLEM_WARNING, /* something was lost, or will be soon */
    AZM_PROBLEM_ERROR,   /* nothing is seen, or nothing arrives */
};

struct azm_problem {
    const char *code; /* stable: docs/STATUS.md */
    enum azm_problem_level level;
    char text[512]; /* what is, without a secret */
    char mend[320]; /* a setting, a command or a place to look; empty: there is nothing to be done */
};

/* { "code": ..., "level": ..., "text": ..., "mend": ... }, an element of a list. */
void azm_problem_put(struct azm_json_writer *json, const struct azm_problem *problem);
/* In the sentence of every problem of delivery, behind the URL. */
#define AZM_PROBLEM_KEPT " does not take events, they are kept: "

/* Why a destination does not take events. Pure. */
void azm_problem_of_delivery(struct azm_problem *out, const struct azm_destination *destination, const char *url,
                             unsigned http_status, const char *said);
/* "problems": [...] of a process. */
void azm_problems_put(struct azm_json_writer *json, const struct azm_feed *feed, const struct azm_ring_stats *ring);
