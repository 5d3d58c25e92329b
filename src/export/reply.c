#include "export/reply.h"

#include <stdio.h>

#include <jansson.h>

static enum azm_verdict verdict_of(unsigned status)
{
    static const struct {
        unsigned first, last;
        enum azm_verdict verdict;
    } rules[] = {
        {200, 299, AZM_VERDICT_DELIVERED}, {400, 400, AZM_VERDICT_REJECTED}, {401, 401, AZM_VERDICT_REFUSED},
        {403, 405, AZM_VERDICT_REFUSED}, /* 404, 405: some other server lives there */
        {408, 408, AZM_VERDICT_RETRY},     {413, 415, AZM_VERDICT_REJECTED}, {422, 422, AZM_VERDICT_REJECTED},
        {429, 429, AZM_VERDICT_RETRY},     {500, 599, AZM_VERDICT_RETRY},    {300, 499, AZM_VERDICT_REFUSED},
    };
    for (size_t i = 0; i < AZM_COUNT(rules); i++)
        if (status >= rules[i].first && status <= rules[i].last)
            return rules[i].verdict;
    return AZM_VERDICT_RETRY;
}

static void read_complaint(const json_t *body, struct azm_reply *out)
{
    const json_t *first = json_array_get(json_object_get(body, "errors"), 0);
    const char *message = json_string_value(json_object_get(first, "message"));
    if (!message)
        message = json_string_value(json_object_get(body, "error"));
    if (message)
        snprintf(out->message, sizeof out->message, "%s", message);
}

void azm_reply_read(unsigned http_status, azm_slice body, uint64_t events, struct azm_reply *out)
{
    *out = (struct azm_reply){.verdict = verdict_of(http_status)};
    if (out->verdict == AZM_VERDICT_REJECTED)
        out->rejected = events;
    json_t *root = json_loadb(body.ptr ? body.ptr : "", body.len, JSON_REJECT_DUPLICATES, NULL);
    read_complaint(root, out);
    const json_t *accepted = json_object_get(root, "accepted");
    if (out->verdict == AZM_VERDICT_REJECTED && json_is_integer(accepted) && json_integer_value(accepted) >= 0) {
        uint64_t count = (uint64_t)json_integer_value(accepted);
        out->rejected = count < events ? events - count : 0;
    }
    json_decref(root);
}
