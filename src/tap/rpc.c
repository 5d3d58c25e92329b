#include "tap/rpc.h"

#include "proto/wire.h"
#include "tap/patch.h"
#include "tap/rpc_tables.h"

/* --- captured text --- */

static const uint16_t caps[] = {
    [AZM_RPC_HTTP_URL] = 4096,         [AZM_RPC_RETURN_JSON] = 4096,      [AZM_SLOT_FUNCTION_RAW_BINDING] = 4096,
    [AZM_SLOT_VARIABLE_VALUE] = 4096,  [AZM_RPC_METADATA_HEADERS] = 8192, [AZM_RPC_EXCEPTION_MESSAGE] = 4096,
    [AZM_RPC_EXCEPTION_STACK] = 12288, [AZM_SLOT_HEADER_VALUE] = 1024,    [AZM_RPC_INVOCATION_ID] = 64,
    [AZM_RPC_LOG_MESSAGE] = 8192,      [AZM_RPC_BODY] = AZM_BODY_MAX,
}; /* of the others: */
#define CAP 512u

static bool is_of_trigger(unsigned slot)
{
    return slot >= AZM_SLOT_TRIGGER_METADATA_JSON && slot <= AZM_SLOT_INPUT_ELEMENT;
}

/* The first input is the trigger's; what it says is its body, whatever else is read of it. */
static struct azm_scan_target want_body(struct azm_rpc_reader *reader, unsigned slot)
{
    size_t room = sizeof reader->text - reader->used;
    bool first = reader->inputs == 1 && !reader->message.fields[AZM_RPC_BODY].ptr;
    reader->takes_input = slot != AZM_RPC_BODY && reader->trigger.trigger && azm_trigger_wants_input(&reader->trigger);
    if (reader->takes_input)
        azm_trigger_value_begin(&reader->trigger, slot == AZM_SLOT_INPUT_JSON, false);
    return (struct azm_scan_target){first ? reader->text + reader->used : NULL,
                                    room < AZM_BODY_MAX ? room : AZM_BODY_MAX, reader->takes_input};
}

static bool is_body(const struct azm_rpc_reader *reader, unsigned slot)
{
    return reader->bodies && (slot == AZM_RPC_BODY || slot == AZM_SLOT_INPUT_STRING || slot == AZM_SLOT_INPUT_JSON);
}

static void took_body(struct azm_rpc_reader *reader, azm_slice text)
{
    if (reader->takes_input)
        azm_trigger_value_end(&reader->trigger);
    if (reader->inputs != 1 || reader->message.fields[AZM_RPC_BODY].ptr)
        return;
    reader->message.fields[AZM_RPC_BODY] = text;
    reader->used += text.len;
}

/* A value of the trigger's, which is read as it passes. */
static struct azm_scan_target want_of_trigger(struct azm_rpc_reader *reader, unsigned slot)
{
    struct azm_trigger_reader *trigger = &reader->trigger;
    bool wanted = slot >= AZM_SLOT_INPUT_STRING ? azm_trigger_wants_input(trigger)
                                                : azm_trigger_wants(trigger, reader->entry.key);
    if (!wanted)
        return (struct azm_scan_target){NULL, 0, false};
    azm_trigger_value_begin(trigger, slot == AZM_SLOT_INPUT_JSON || slot == AZM_SLOT_TRIGGER_METADATA_JSON,
                            slot == AZM_SLOT_INPUT_ELEMENT);
    return (struct azm_scan_target){reader->text, 0, true};
}

/* Headers in the metadata are needed only where the request itself has none (HTTP proxying). */
static bool wants_headers(const struct azm_rpc_reader *reader, unsigned slot)
{
    return slot == AZM_SLOT_TRIGGER_METADATA_JSON && !reader->message.headers.count &&
           azm_slice_eq_nocase(reader->entry.key, AZM_S("Headers"));
}

/* A traceparent on its way to the worker. */
static bool is_rewritten(struct azm_rpc_reader *reader, unsigned slot, uint64_t len)
{
    if (slot != AZM_RPC_TRACE_PARENT &&
        (slot != AZM_SLOT_HEADER_VALUE || !azm_slice_eq_nocase(reader->entry.key, AZM_S("traceparent"))))
        return false;
    return azm_rewrite_begin(&reader->rewrite, len);
}

static struct azm_scan_target want(void *self, unsigned slot, uint64_t len)
{
    struct azm_rpc_reader *reader = self;
    size_t room = sizeof reader->text - reader->used, cap = slot < AZM_COUNT(caps) && caps[slot] ? caps[slot] : CAP;
    if (AZM_UNLIKELY(is_body(reader, slot)))
        return want_body(reader, slot);
    if (is_of_trigger(slot)) {
        if (reader->trigger.trigger)
            return want_of_trigger(reader, slot);
        if (!wants_headers(reader, slot))
            return (struct azm_scan_target){NULL, 0, false};
        cap = caps[AZM_RPC_METADATA_HEADERS];
    } else if (slot == AZM_SLOT_CAPABILITY_VALUE) {
        bool watched = azm_slice_eq(reader->entry.key, AZM_S("HttpUri")) && len <= AZM_PATCH_MAX;
        return (struct azm_scan_target){watched ? reader->text + reader->used : NULL, room, watched};
    }
    bool watched = reader->rewrite.enabled && is_rewritten(reader, slot, len);
    return (struct azm_scan_target){reader->text + reader->used, cap < room ? cap : room, watched};
}

/* True when a raw binding's "type" ends with "Trigger". */
static bool is_trigger(azm_slice json)
{
    for (size_t i = 0; i + 6 <= json.len; i++) {
        if (json.ptr[i] != '"' || !azm_slice_starts_nocase(azm_slice_drop(json, i), AZM_S("\"type\"")))
            continue;
        azm_slice rest = azm_slice_trim(azm_slice_drop(json, i + 6));
        if (rest.len == 0 || rest.ptr[0] != ':')
            continue;
        rest = azm_slice_trim(azm_slice_drop(rest, 1));
        if (rest.len == 0 || rest.ptr[0] != '"')
            continue;
        rest = azm_slice_drop(rest, 1);
        return azm_slice_ends_nocase(azm_slice_take(rest, azm_slice_find(rest, '"')), AZM_S("Trigger"));
    }
    return false;
}

static void keep(struct azm_rpc_reader *reader, azm_slice *place, azm_slice text)
{
    *place = text;
    reader->used += text.len;
}

static void took(void *self, unsigned slot, size_t copied, uint64_t len)
{
    struct azm_rpc_reader *reader = self;
    azm_slice text = {reader->text + reader->used, copied};
    if (AZM_UNLIKELY(is_body(reader, slot))) {
        took_body(reader, text);
        return;
    }
    if (reader->trigger.trigger && is_of_trigger(slot)) {
        azm_trigger_value_end(&reader->trigger);
        return;
    }
    reader->message.clipped |= copied < len;
    if (AZM_UNLIKELY(reader->rewrite.watching))
        azm_rewrite_end(&reader->rewrite);
    if (slot < AZM_RPC_FIELDS) {
        keep(reader, &reader->message.fields[slot], text);
        if (slot == AZM_RPC_FUNCTION_ID)
            azm_trigger_begin(&reader->trigger, reader->listener->trigger_of(reader->self, text));
        return;
    }
    switch (slot) {
    case AZM_SLOT_CAPABILITY_NAME:
        reader->message.says_goodbye |= azm_slice_eq(text, AZM_S("HandlesWorkerTerminateMessage"));
        keep(reader, &reader->entry.key, text);
        break;
    case AZM_SLOT_HEADER_KEY:
    case AZM_SLOT_TRIGGER_METADATA_KEY:
    case AZM_SLOT_VARIABLE_NAME: keep(reader, &reader->entry.key, text); break;
    case AZM_SLOT_HEADER_VALUE:
    case AZM_SLOT_VARIABLE_VALUE: keep(reader, &reader->entry.value, text); break;
    case AZM_SLOT_CAPABILITY_VALUE: reader->listener->on_http_uri_end(reader->self); break;
    case AZM_SLOT_TRIGGER_METADATA_JSON:
        if (copied == len) /* half a JSON text is no use */
            keep(reader, &reader->message.fields[AZM_RPC_METADATA_HEADERS], text);
        break;
    case AZM_SLOT_LOADED_ID: keep(reader, &reader->message.fields[AZM_RPC_FUNCTION_ID], text); break;
    case AZM_SLOT_FUNCTION_ID: keep(reader, &reader->function.id, text); break;
    case AZM_SLOT_FUNCTION_NAME: keep(reader, &reader->function.name, text); break;
    case AZM_SLOT_FUNCTION_DIRECTORY: keep(reader, &reader->function.directory, text); break;
    case AZM_SLOT_FUNCTION_SCRIPT: keep(reader, &reader->function.script_file, text); break;
    case AZM_SLOT_FUNCTION_BINDING_TYPE:
        if (azm_slice_ends_nocase(text, AZM_S("Trigger")))
            keep(reader, &reader->function.trigger_type, text);
        break;
    case AZM_SLOT_FUNCTION_RAW_BINDING:
        if (copied == len && !reader->function.raw_trigger.ptr && is_trigger(text))
            keep(reader, &reader->function.raw_trigger, text);
        break;
    default: break;
    }
}

static void number_of_trigger(struct azm_rpc_reader *reader, uint64_t value)
{
    if (azm_trigger_wants(&reader->trigger, reader->entry.key))
        azm_trigger_value_number(&reader->trigger, azm_wire_zigzag(value));
}

static void number(void *self, unsigned slot, uint64_t value)
{
    struct azm_rpc_message *message = &((struct azm_rpc_reader *)self)->message;
    if (slot == AZM_SLOT_RETRY_COUNT)
        message->retry_count = value;
    else if (slot == AZM_SLOT_MAX_RETRY_COUNT)
        message->max_retry_count = (int32_t)(uint32_t)value;
    else if (slot == AZM_SLOT_TRIGGER_METADATA_INT)
        number_of_trigger(self, value);
    else if (slot == AZM_SLOT_LOG_LEVEL)
        message->log_level = value;
    else if (slot == AZM_SLOT_LOG_SOURCE)
        message->log_source = value;
    else if (slot == AZM_SLOT_STATUS)
        message->status = value == 1 ? AZM_RPC_SUCCESS : value == 2 ? AZM_RPC_CANCELLED : AZM_RPC_FAILURE;
}

/* --- submessages --- */

static enum azm_rpc_kind kind_of(unsigned slot)
{
    static const enum azm_rpc_kind kinds[] = {
        [AZM_SLOT_KIND_START_STREAM] = AZM_RPC_START_STREAM,
        [AZM_SLOT_KIND_INIT_REQUEST] = AZM_RPC_INIT_REQUEST,
        [AZM_SLOT_KIND_INIT_RESPONSE] = AZM_RPC_INIT_RESPONSE,
        [AZM_SLOT_KIND_INVOCATION_REQUEST] = AZM_RPC_INVOCATION_REQUEST,
        [AZM_SLOT_KIND_INVOCATION_RESPONSE] = AZM_RPC_INVOCATION_RESPONSE,
        [AZM_SLOT_KIND_INVOCATION_CANCEL] = AZM_RPC_INVOCATION_CANCEL,
        [AZM_SLOT_KIND_LOAD_REQUEST] = AZM_RPC_LOAD_REQUEST,
        [AZM_SLOT_KIND_LOAD_RESPONSE] = AZM_RPC_LOAD_RESPONSE,
        [AZM_SLOT_KIND_METADATA_RESPONSE] = AZM_RPC_METADATA_RESPONSE,
        [AZM_SLOT_KIND_RELOAD_REQUEST] = AZM_RPC_RELOAD_REQUEST,
        [AZM_SLOT_KIND_RELOAD_RESPONSE] = AZM_RPC_RELOAD_RESPONSE,
        [AZM_SLOT_KIND_TERMINATE] = AZM_RPC_TERMINATE,
        [AZM_SLOT_KIND_LOG] = AZM_RPC_LOG,
    };
    return slot < AZM_COUNT(kinds) ? kinds[slot] : AZM_RPC_OTHER;
}

static void begin_function(struct azm_rpc_reader *reader)
{
    reader->function = (struct azm_rpc_function){{0}, {0}, {0}, {0}, {0}, {0}};
    reader->function_mark = reader->used;
    reader->outer_status = reader->message.status;
    reader->message.status = AZM_RPC_ABSENT;
}

bool azm_rpc_refusal_of(const struct azm_rpc_message *message, struct azm_rpc_refusal *out)
{
    *out = (struct azm_rpc_refusal){.by = message->kind,
                                    .id = message->fields[AZM_RPC_FUNCTION_ID],
                                    .type = message->fields[AZM_RPC_EXCEPTION_TYPE],
                                    .message = message->fields[AZM_RPC_EXCEPTION_MESSAGE],
                                    .stack = message->fields[AZM_RPC_EXCEPTION_STACK]};
    return message->status == AZM_RPC_FAILURE || message->status == AZM_RPC_CANCELLED;
}

/* A function's own result, where a message holds many. */
static void end_result(struct azm_rpc_reader *reader, enum azm_rpc_kind by)
{
    static const enum azm_rpc_field own[] = {AZM_RPC_FUNCTION_ID, AZM_RPC_EXCEPTION_TYPE, AZM_RPC_EXCEPTION_MESSAGE,
                                             AZM_RPC_EXCEPTION_STACK};
    struct azm_rpc_refusal refusal;
    if (azm_rpc_refusal_of(&reader->message, &refusal) && reader->listener->on_refusal) {
        refusal.by = by;
        refusal.id = refusal.id.len ? refusal.id : reader->function.id;
        refusal.name = reader->function.name;
        reader->listener->on_refusal(reader->self, &refusal);
    }
    for (size_t i = 0; i < AZM_COUNT(own); i++)
        reader->message.fields[own[i]] = (azm_slice){NULL, 0};
    reader->message.status = reader->outer_status;
    reader->used = reader->function_mark;
}

/* Its text is given back: there may be thousands of functions in one message. */
static void end_function(struct azm_rpc_reader *reader)
{
    if (reader->function.id.len || reader->function.name.len)
        reader->listener->on_function(reader->self, &reader->function);
    end_result(reader, reader->message.kind);
    reader->function = (struct azm_rpc_function){{0}, {0}, {0}, {0}, {0}, {0}};
}

static void enter(void *self, unsigned slot)
{
    struct azm_rpc_reader *reader = self;
    enum azm_rpc_kind kind = kind_of(slot);
    if (kind != AZM_RPC_OTHER) {
        reader->message.kind = kind;
        if (kind == AZM_RPC_LOAD_REQUEST)
            begin_function(reader);
        return;
    }
    switch (slot) {
    case AZM_SLOT_HEADER:
    case AZM_SLOT_CAPABILITY:
    case AZM_SLOT_VARIABLE:
    case AZM_SLOT_TRIGGER_METADATA:
        reader->entry = (struct azm_pair){AZM_S(""), AZM_S("")}; /* either may be left out when empty */
        reader->entry_mark = reader->used;
        break;
    case AZM_SLOT_HTTP: reader->message.has_http = true; break;
    case AZM_SLOT_INPUT:
        reader->inputs++;
        azm_trigger_parameter(&reader->trigger);
        break;
    case AZM_SLOT_RETRY: reader->message.has_retry = true; break;
    case AZM_SLOT_STATUS_RESULT: reader->message.status = AZM_RPC_FAILURE; break; /* 0 is left out on the wire */
    case AZM_SLOT_LOADED:
    case AZM_SLOT_FUNCTION: begin_function(reader); break;
    default: break;
    }
}

static void keep_header(struct azm_rpc_reader *reader)
{
    struct azm_pairs *headers = &reader->message.headers;
    if (headers->count < AZM_RPC_HEADERS && reader->entry.key.len) {
        reader->headers[headers->count++] = reader->entry;
        headers->items = reader->headers;
    } else {
        reader->message.clipped |= reader->entry.key.len != 0;
        reader->used = reader->entry_mark;
    }
}

static void leave(void *self, unsigned slot)
{
    struct azm_rpc_reader *reader = self;
    switch (slot) {
    case AZM_SLOT_HEADER: keep_header(reader); break;
    case AZM_SLOT_VARIABLE:
        reader->listener->on_variable(reader->self, reader->entry.key, reader->entry.value);
        reader->used = reader->entry_mark;
        break;
    case AZM_SLOT_CAPABILITY: reader->used = reader->entry_mark; break;
    case AZM_SLOT_TRIGGER_METADATA:
        if (reader->message.fields[AZM_RPC_METADATA_HEADERS].ptr < reader->text + reader->entry_mark)
            reader->used = reader->entry_mark; /* the key alone is no use */
        break;
    case AZM_SLOT_FUNCTION:
    case AZM_SLOT_KIND_LOAD_REQUEST: end_function(reader); break;
    case AZM_SLOT_LOADED: end_result(reader, AZM_RPC_LOAD_RESPONSE); break;
    default: break;
    }
}

static void piece(void *self, unsigned slot, azm_slice bytes)
{
    struct azm_rpc_reader *reader = self;
    if (slot == AZM_SLOT_CAPABILITY_VALUE)
        reader->listener->on_http_uri(reader->self, bytes);
    else if (reader->rewrite.watching)
        azm_rewrite_piece(&reader->rewrite, bytes);
    else
        azm_trigger_value_piece(&reader->trigger, bytes);
}

static const struct azm_scan_handler handler = {want, took, number, enter, leave, piece};

/* --- framing --- */

void azm_rpc_reader_init(struct azm_rpc_reader *reader, const struct azm_scan_message *type,
                         const struct azm_rpc_listener *listener, void *self)
{
    memset(reader, 0, offsetof(struct azm_rpc_reader, text));
    memset(&reader->rewrite, 0, offsetof(struct azm_rewrite, values));
    reader->type = type;
    reader->listener = listener;
    reader->self = self;
}

/* Logs and bodies that nobody wants cost no more than anything that is skipped. */
static const struct azm_scan_message *type_of(const struct azm_rpc_reader *reader)
{
    const struct azm_rpc_listener *listener = reader->listener;
    if (reader->bodies)
        return &azm_rpc_from_host_with_bodies;
    return listener->wants_logs && listener->wants_logs(reader->self) ? &azm_rpc_from_worker_with_logs : reader->type;
}

static void begin_message(struct azm_rpc_reader *reader, const struct azm_grpc_part *part)
{
    memset(&reader->message, 0, sizeof reader->message);
    reader->used = 0;
    reader->inputs = 0;
    reader->bodies = reader->listener->wants_bodies && reader->listener->wants_bodies(reader->self);
    reader->trigger.trigger = NULL;
    reader->scanning = !part->compressed && part->size > 0;
    if (reader->scanning)
        azm_scan_begin(&reader->scan, type_of(reader), part->size, &handler, reader);
}

void azm_rpc_reader_settle(struct azm_rpc_reader *reader)
{
    struct azm_rpc_message *message = &reader->message;
    if (!reader->rewrite.count)
        return;
    message->trigger = azm_trigger_facts(&reader->trigger);
    bool known = message->told || reader->listener->trace_of(reader->self, message, &message->trace);
    azm_rewrite_write(&reader->rewrite, known ? &message->trace : NULL);
    message->told = known && !azm_trace_id_is_none(message->trace.trace_id);
}

static void scan_part(struct azm_rpc_reader *reader, azm_slice piece, int64_t now_us)
{
    enum azm_status st = azm_scan_feed(&reader->scan, piece);
    if (st == AZM_OK)
        return;
    if (st == AZM_END) {
        azm_rpc_reader_settle(reader);
        reader->message.trigger = azm_trigger_facts(&reader->trigger);
        reader->listener->on_message(reader->self, &reader->message, now_us);
    } else {
        reader->malformed++;
        azm_rewrite_drop(&reader->rewrite);
    }
    reader->scanning = false;
}

enum azm_status azm_rpc_reader_feed(struct azm_rpc_reader *reader, azm_slice piece, int64_t now_us)
{
    struct azm_grpc_part part;
    enum azm_status st;
    while ((st = azm_grpc_reader_next(&reader->framing, &piece, &part)) == AZM_OK) {
        if (part.begins)
            begin_message(reader, &part);
        if (reader->scanning && part.piece.len)
            scan_part(reader, part.piece, now_us);
    }
    return st == AZM_MORE ? AZM_OK : st;
}
