/* Findings: problems (agent/problems.h) in a list of JSON. Texts may hold any bytes; what is no UTF-8 becomes U+FFFD.
 */
#pragma once

#include <jansson.h>
#include <stdbool.h>

#include "agent/problems.h"

/* Appends to the list of that name in the object, which is made when there is none. */
void azm_finding_add(json_t *object, const struct azm_problem *problem);
/* text by printf; mend may be NULL. */
void azm_finding(json_t *object, const char *code, enum azm_problem_level level, const char *mend, const char *fmt, ...)
    AZM_PRINTF(5, 6);
bool azm_finding_has(const json_t *object, const char *code);
/* Any but those that are only good to know? */
bool azm_findings_matter(const json_t *object);

/* A string of any bytes as a member; nothing when text is empty. */
void azm_json_set_text(json_t *object, const char *key, azm_slice text);
