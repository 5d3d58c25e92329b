#include "tap/handler_request.h"

#include "json/write.h"

enum member { OTHER, DATA, METADATA, HTTP, RETRY, URL, METHOD, HEADERS, RETRY_COUNT, MAX_RETRY_COUNT };

/* --- places for what is told --- */

static azm_slice keep(struct azm_handler_request *request, azm_slice text)
{
    char *at = request->text + request->used;
    if (text.len > sizeof request->text - request->used) {
        request->clipped = true;
        return (azm_slice){NULL, 0};
    }
    memcpy(at, text.ptr, text.len);
    request->used += text.len;
    return (azm_slice){at, text.len};
}

static void keep_header(struct azm_handler_request *request, azm_slice value)
{
    value = request->header_name.ptr ? keep(request, value) : (azm_slice){NULL, 0};
    if (value.ptr && request->headers.count < AZM_COUNT(request->pairs))
        request->pairs[request->headers.count++] = (struct azm_pair){request->header_name, value};
}

/* --- values for the trigger, as JSON again --- */

static void pass(struct azm_handler_request *request, azm_slice text)
{
    azm_trigger_value_piece(&request->trigger, text);
}

static void pass_string(struct azm_handler_request *request, azm_slice text)
{
    char quoted[6 * AZM_JSON_SCAN_TEXT + 2];
    struct azm_buf out;
    azm_buf_init_fixed(&out, quoted, sizeof quoted);
    struct azm_json_writer writer = azm_json_writer(&out);
    azm_json_string(&writer, text);
    pass(request, azm_buf_slice(&out));
}

/* A part of a value that began as an object or array. A string in it that is too long for the scanner says nothing. */
static void pass_part(struct azm_handler_request *request, enum azm_json_part part, azm_slice text)
{
    bool ends = part == AZM_JSON_OBJECT_END || part == AZM_JSON_ARRAY_END, goes_on = request->in_text;
    request->in_text = part == AZM_JSON_PIECE;
    if (request->in_text)
        return;
    if (request->comma && !ends)
        pass(request, AZM_S(","));
    request->comma = true;
    switch (part) {
    case AZM_JSON_OBJECT: pass(request, AZM_S("{")); break;
    case AZM_JSON_ARRAY: pass(request, AZM_S("[")); break;
    case AZM_JSON_OBJECT_END: pass(request, AZM_S("}")); return;
    case AZM_JSON_ARRAY_END: pass(request, AZM_S("]")); return;
    case AZM_JSON_KEY:
        pass_string(request, text);
        pass(request, AZM_S(":"));
        break;
    case AZM_JSON_STRING: pass_string(request, goes_on ? AZM_S("") : text); return;
    case AZM_JSON_WORD: pass(request, text); return;
    case AZM_JSON_PIECE: return;
    }
    request->comma = false;
}

/* A string's beginning, or all of it: JSON, or, where it does not look like that, bare. */
static void pass_text(struct azm_handler_request *request, azm_slice text, bool ends)
{
    bool json = text.len && (text.ptr[0] == '"' || text.ptr[0] == '{' || text.ptr[0] == '[');
    if (!request->in_text)
        azm_trigger_value_begin(&request->trigger, json, false);
    request->in_text = !ends;
    pass(request, text);
    if (ends)
        azm_trigger_value_end(&request->trigger);
}

/* A member of Data or Metadata that the trigger wants. */
static void begin_value(struct azm_handler_request *request, enum azm_json_part part, azm_slice text)
{
    switch (part) {
    case AZM_JSON_OBJECT:
    case AZM_JSON_ARRAY:
        azm_trigger_value_begin(&request->trigger, true, false);
        request->comma = false;
        pass_part(request, part, text);
        return;
    case AZM_JSON_PIECE: pass_text(request, text, false); return;
    case AZM_JSON_STRING:
    case AZM_JSON_WORD: pass_text(request, text, true); break;
    case AZM_JSON_OBJECT_END:
    case AZM_JSON_ARRAY_END:
    case AZM_JSON_KEY: break;
    }
    request->passing = 0;
}

static void pass_on(struct azm_handler_request *request, enum azm_json_part part, azm_slice text)
{
    bool begins = request->depth + 1 == request->passing;
    if (begins && (part == AZM_JSON_OBJECT_END || part == AZM_JSON_ARRAY_END)) {
        pass_part(request, part, text);
        azm_trigger_value_end(&request->trigger);
        request->passing = 0;
    } else if (begins) {
        begin_value(request, part, text);
    } else {
        pass_part(request, part, text);
    }
}

/* --- the envelope --- */

static uint8_t member_of(azm_slice key, const azm_slice *names, const uint8_t *members, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (azm_slice_eq(key, names[i]))
            return members[i];
    return OTHER;
}

/* An input of the function, the trigger's first, or an entry of trigger metadata. */
static uint8_t on_entry(struct azm_handler_request *request, azm_slice key)
{
    bool wanted;
    if (request->members[1] == DATA) {
        azm_trigger_parameter(&request->trigger);
        if (request->inputs++ == 0 && request->http)
            return HTTP;
        wanted = azm_trigger_wants_input(&request->trigger);
    } else {
        if (azm_slice_eq(key, AZM_S("RetryContext")))
            return RETRY;
        wanted = azm_trigger_wants(&request->trigger, key);
    }
    request->passing = wanted ? request->depth + 1 : 0;
    return OTHER;
}

static void on_key(struct azm_handler_request *request, azm_slice key)
{
    static const azm_slice names[] = {AZM_S_INIT("Data"),         AZM_S_INIT("Metadata"), AZM_S_INIT("Url"),
                                      AZM_S_INIT("Method"),       AZM_S_INIT("Headers"),  AZM_S_INIT("RetryCount"),
                                      AZM_S_INIT("MaxRetryCount")};
    static const uint8_t members[] = {DATA, METADATA, URL, METHOD, HEADERS, RETRY_COUNT, MAX_RETRY_COUNT};
    uint8_t *now = request->depth < AZM_COUNT(request->members) ? &request->members[request->depth] : NULL;
    if (request->depth == 1)
        *now = member_of(key, names, members, 2);
    else if (request->depth == 2)
        *now = request->members[1] ? on_entry(request, key) : OTHER;
    else if (request->depth == 3 && request->members[2] == HTTP)
        *now = member_of(key, names + 2, members + 2, 3);
    else if (request->depth == 3 && request->members[2] == RETRY)
        *now = member_of(key, names + 5, members + 5, 2);
    else if (request->depth == 3)
        *now = OTHER;
    else if (request->depth == 4 && request->members[3] == HEADERS)
        request->header_name = keep(request, key);
}

static void on_number(struct azm_handler_request *request, azm_slice text)
{
    uint64_t number;
    bool minus = azm_slice_starts(text, AZM_S("-"));
    if (request->depth != 3 || azm_slice_to_u64(azm_slice_drop(text, minus), &number) != AZM_OK)
        return;
    if (request->members[3] == RETRY_COUNT && !minus)
        request->retry_count = number;
    else if (request->members[3] == MAX_RETRY_COUNT && number <= INT32_MAX)
        request->max_retry_count = minus ? -(int32_t)number : (int32_t)number;
}

/* One that is too long to be told at once: its beginning is kept. */
static void on_string(struct azm_handler_request *request, azm_slice text, bool ends)
{
    bool again = request->in_text;
    request->in_text = !ends;
    if (request->depth < 3 || again)
        return;
    uint8_t member = request->members[3];
    request->clipped |= !ends && (member == URL || member == HEADERS);
    if (member == URL && request->depth == 3)
        request->url = keep(request, text);
    else if (member == METHOD && request->depth == 3)
        request->method = keep(request, text);
    else if (member == HEADERS && request->depth >= 4)
        keep_header(request, text);
}

static void on_part(void *self, enum azm_json_part part, azm_slice text, bool whole)
{
    struct azm_handler_request *request = self;
    request->depth -= part == AZM_JSON_OBJECT_END || part == AZM_JSON_ARRAY_END;
    if (request->passing)
        pass_on(request, part, text);
    else if (part == AZM_JSON_KEY)
        on_key(request, whole ? text : AZM_S(""));
    else if (part == AZM_JSON_STRING || part == AZM_JSON_PIECE)
        on_string(request, text, part == AZM_JSON_STRING);
    else if (part == AZM_JSON_WORD)
        on_number(request, text);
    else if (part == AZM_JSON_OBJECT && request->depth == 2 && request->members[2] == RETRY)
        request->has_retry = true;
    if (part == AZM_JSON_OBJECT || part == AZM_JSON_ARRAY) {
        request->depth++;
        if (request->depth < AZM_COUNT(request->members))
            request->members[request->depth] = OTHER;
    }
}

void azm_handler_request_begin(struct azm_handler_request *request, const struct azm_trigger *trigger)
{
    azm_json_scan_begin(&request->scan, on_part, request);
    request->scan.pieces = true;
    memset(&request->broken, 0,
           offsetof(struct azm_handler_request, pairs) - offsetof(struct azm_handler_request, broken));
    request->http = trigger && azm_trigger_is_http(trigger);
    request->headers.items = request->pairs;
    request->used = 0;
    azm_trigger_begin(&request->trigger, trigger);
}

void azm_handler_request_feed(struct azm_handler_request *request, azm_slice piece)
{
    if (!request->broken)
        request->broken = azm_json_scan_feed(&request->scan, piece) != AZM_OK;
}

void azm_handler_request_tell(struct azm_handler_request *request, struct azm_rpc_message *out)
{
    out->fields[AZM_RPC_HTTP_METHOD] = request->method;
    out->fields[AZM_RPC_HTTP_URL] = request->url;
    out->headers = request->headers;
    out->has_http = request->http;
    out->has_retry = request->has_retry;
    out->retry_count = request->retry_count;
    out->max_retry_count = request->max_retry_count;
    out->clipped = request->clipped;
    out->trigger = azm_trigger_facts(&request->trigger);
}
