#include "doctor/finding.h"

#include <stdio.h>

#include "json/read.h"

#define TEXT_MAX 65536u

/* What the buf holds, as a value; NULL when it is no JSON, which what we write ourselves always is. */
static json_t *parsed(struct azm_buf *buf)
{
    json_t *value = NULL;
    if (buf->failed || azm_json_parse(azm_buf_slice(buf), "finding", &value, NULL) != AZM_OK)
        value = NULL;
    azm_buf_dispose(buf);
    return value;
}

void azm_finding_add(json_t *object, const struct azm_problem *problem)
{
    struct azm_buf buf;
    json_t *list = json_object_get(object, "problems");
    if (!list) {
        list = json_array();
        json_object_set_new(object, "problems", list);
    }
    azm_buf_init(&buf, TEXT_MAX);
    struct azm_json_writer json = azm_json_writer(&buf);
    azm_problem_put(&json, problem);
    json_array_append_new(list, parsed(&buf));
}

void azm_finding(json_t *object, const char *code, enum azm_problem_level level, const char *mend, const char *fmt, ...)
{
    struct azm_problem problem = {.code = code, .level = level};
    va_list args;
    va_start(args, fmt);
    vsnprintf(problem.text, sizeof problem.text, fmt, args);
    va_end(args);
    snprintf(problem.mend, sizeof problem.mend, "%s", mend ? mend : "");
    azm_finding_add(object, &problem);
}

bool azm_finding_has(const json_t *object, const char *code)
{
    size_t i;
    json_t *problem;
    json_array_foreach(json_object_get(object, "problems"), i, problem)
    {
        if (azm_slice_eq(azm_json_get_slice(problem, "code"), azm_slice_str(code)))
            return true;
    }
    return false;
}

bool azm_findings_matter(const json_t *object)
{
    size_t i;
    json_t *problem;
    json_array_foreach(json_object_get(object, "problems"), i, problem)
    {
        if (!azm_slice_eq(azm_json_get_slice(problem, "level"), AZM_S("info")))
            return true;
    }
    return false;
}

void azm_json_set_text(json_t *object, const char *key, azm_slice text)
{
    struct azm_buf buf;
    if (!text.len)
        return;
    azm_buf_init(&buf, TEXT_MAX);
    struct azm_json_writer json = azm_json_writer(&buf);
    azm_json_text(&json, text, AZM_KEYWORD_MAX);
    json_t *value = parsed(&buf);
    if (value)
        json_object_set_new(object, key, value);
}
