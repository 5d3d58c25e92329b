#include "tap/handler_answer.h"

enum member { OTHER, OUTPUTS, LOGS, RETURN_VALUE, HTTP_OUTPUT, STATUS_CODE, STATUS };

/* --- logs --- */

static void add_log(struct azm_handler_answer *answer, azm_slice text, bool ends)
{
    text = azm_slice_take(text, sizeof answer->log - answer->log_len);
    memcpy(answer->log + answer->log_len, text.ptr, text.len);
    answer->log_len += text.len;
    if (!ends)
        return;
    answer->on_log(answer->self, (azm_slice){answer->log, answer->log_len});
    answer->log_len = 0;
}

/* --- the HTTP output --- */

static void on_status(struct azm_handler_answer *answer, uint8_t member, azm_slice text)
{
    uint64_t code;
    if (azm_slice_to_u64(text, &code) != AZM_OK || code < 100 || code > 999)
        return;
    if (member == STATUS_CODE)
        answer->status_code = (unsigned)code;
    else if (member == STATUS)
        answer->status = (unsigned)code;
}

static uint8_t status_member(azm_slice key)
{
    return azm_slice_eq_nocase(key, AZM_S("statusCode")) ? STATUS_CODE
           : azm_slice_eq_nocase(key, AZM_S("status"))   ? STATUS
                                                         : OTHER;
}

/* --- the envelope --- */

static uint8_t first_member(azm_slice key)
{
    return azm_slice_eq_nocase(key, AZM_S("Outputs"))       ? OUTPUTS
           : azm_slice_eq_nocase(key, AZM_S("Logs"))        ? LOGS
           : azm_slice_eq_nocase(key, AZM_S("ReturnValue")) ? RETURN_VALUE
                                                            : OTHER;
}

static void on_key(struct azm_handler_answer *answer, azm_slice key)
{
    uint8_t *members = answer->members;
    if (answer->depth == 1)
        members[1] = first_member(key);
    else if (answer->depth == 2 && members[1] == RETURN_VALUE)
        members[2] = answer->return_value ? status_member(key) : OTHER;
    else if (answer->depth == 2)
        members[2] =
            members[1] == OUTPUTS && answer->output_name[0] && azm_slice_eq(key, azm_slice_str(answer->output_name))
                ? HTTP_OUTPUT
                : OTHER;
    else if (answer->depth == 3)
        members[3] = members[2] == HTTP_OUTPUT ? status_member(key) : OTHER;
}

static void on_scalar(struct azm_handler_answer *answer, azm_slice text, bool string, bool ends)
{
    if (answer->depth == 2 && answer->members[1] == LOGS && string)
        add_log(answer, text, ends);
    else if ((answer->depth == 2 || answer->depth == 3) && ends)
        on_status(answer, answer->members[answer->depth], text);
}

static void on_part(void *self, enum azm_json_part part, azm_slice text, bool whole)
{
    struct azm_handler_answer *answer = self;
    if (!answer->begun)
        answer->no_object = part != AZM_JSON_OBJECT;
    answer->begun = true;
    switch (part) {
    case AZM_JSON_OBJECT:
    case AZM_JSON_ARRAY:
        if (++answer->depth < AZM_COUNT(answer->members))
            answer->members[answer->depth] = OTHER;
        break;
    case AZM_JSON_OBJECT_END:
    case AZM_JSON_ARRAY_END: answer->depth--; break;
    case AZM_JSON_KEY: on_key(answer, whole ? text : AZM_S("")); break;
    case AZM_JSON_STRING:
    case AZM_JSON_PIECE: on_scalar(answer, text, true, part == AZM_JSON_STRING); break;
    case AZM_JSON_WORD: on_scalar(answer, text, false, true); break;
    }
}

void azm_handler_answer_begin(struct azm_handler_answer *answer, azm_slice http_output,
                              void (*on_log)(void *self, azm_slice text), void *self)
{
    azm_json_scan_begin(&answer->scan, on_part, answer);
    answer->scan.pieces = true;
    memset(&answer->begun, 0, offsetof(struct azm_handler_answer, log) - offsetof(struct azm_handler_answer, begun));
    answer->return_value = azm_slice_eq(http_output, AZM_S("$return"));
    azm_slice_copy(http_output, answer->output_name, sizeof answer->output_name);
    answer->on_log = on_log;
    answer->self = self;
}

void azm_handler_answer_feed(struct azm_handler_answer *answer, azm_slice piece)
{
    bool began = answer->begun;
    if (answer->broken)
        return;
    answer->broken = azm_json_scan_feed(&answer->scan, piece) != AZM_OK;
    answer->no_object |= answer->broken && !began && !answer->begun; /* not even JSON's first character */
}

bool azm_handler_answer_end(struct azm_handler_answer *answer)
{
    if (!answer->broken)
        answer->broken = azm_json_scan_end(&answer->scan) != AZM_OK;
    return answer->begun && !answer->no_object;
}

/* The host takes statusCode before status; without either it is a 200. */
unsigned azm_handler_answer_status(const struct azm_handler_answer *answer)
{
    return answer->status_code ? answer->status_code : answer->status ? answer->status : 200;
}
