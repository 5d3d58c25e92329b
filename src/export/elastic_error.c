#include "export/elastic.h"
#include "export/object.h"
#include "trace/stack.h"

/* A frame must have a file or a class (intake v2, error.json). */
static void put_frame(struct azm_json_writer *json, const struct azm_frame *frame)
{
    struct azm_object_mark mark = azm_object_open(json, NULL);
    azm_slice unknown = frame->classname.len ? (azm_slice){NULL, 0} : AZM_S("<unknown>");
    azm_object_text(json, "filename", frame->path.len ? azm_path_base(frame->path) : unknown);
    azm_object_text(json, "abs_path", frame->path.len ? frame->path : (azm_slice){NULL, 0});
    azm_object_text(json, "classname", frame->classname.len ? frame->classname : (azm_slice){NULL, 0});
    azm_object_text(json, "module", frame->module.len ? frame->module : (azm_slice){NULL, 0});
    azm_object_text(json, "function", frame->function.len ? frame->function : (azm_slice){NULL, 0});
    if (frame->line && frame->line <= INT32_MAX)
        azm_object_number(json, "lineno", (int64_t)frame->line);
    if (frame->column && frame->column <= INT32_MAX)
        azm_object_number(json, "colno", (int64_t)frame->column);
    azm_object_bool(json, "library_frame", frame->library);
    azm_object_close(json, mark);
}

static void put_exception(struct azm_json_writer *json, const struct azm_exception *error,
                          const struct azm_frame *frames, size_t count)
{
    azm_slice type = error->type.len ? error->type : azm_stack_type(error->stack, error->message);
    struct azm_object_mark mark = azm_object_open(json, "exception");
    azm_object_long_text(json, "message", error->message.ptr ? error->message : AZM_S(""));
    azm_object_text(json, "type", type);
    if (error->handled != AZM_UNSET)
        azm_object_bool(json, "handled", error->handled == AZM_TRUE);
    struct azm_object_mark list = azm_object_open_list(json, "stacktrace");
    for (size_t i = 0; i < count; i++)
        put_frame(json, &frames[i]);
    azm_object_close_list(json, list);
    azm_object_close(json, mark);
}

/* Where it happened, in the app's own code: "handler (all.js)". */
static void put_culprit(struct azm_json_writer *json, const struct azm_frame *frames, size_t count)
{
    char text[512];
    struct azm_buf culprit;
    size_t own = 0;
    while (own < count && frames[own].library)
        own++;
    if (own == count)
        return;
    const struct azm_frame *frame = &frames[own];
    azm_slice file = frame->path.len ? azm_path_base(frame->path) : frame->classname;
    azm_buf_init_fixed(&culprit, text, sizeof text);
    azm_buf_addf(&culprit, "%.*s (%.*s)", AZM_FMT(azm_slice_take(frame->function, 200)),
                 AZM_FMT(azm_slice_take(file, 200)));
    azm_object_text(json, "culprit", azm_slice_trim(azm_buf_slice(&culprit)));
}

static azm_slice without_empty_end(azm_slice text)
{
    while (text.len &&
           (text.ptr[text.len - 1] == '\n' || text.ptr[text.len - 1] == '\r' || text.ptr[text.len - 1] == ' '))
        text.len--;
    return text;
}

/* Text in which no frames were found, as the last lines of a worker that died: else it would be lost. */
static void put_log(struct azm_json_writer *json, azm_slice text)
{
    struct azm_object_mark mark = azm_object_open(json, "log");
    azm_object_long_text(json, "message", text);
    azm_object_text(json, "level", AZM_S("error"));
    azm_object_close(json, mark);
}

static void put_tags(struct azm_json_writer *json, azm_slice function)
{
    struct azm_object_mark context = azm_object_open(json, "context");
    struct azm_object_mark tags = azm_object_open(json, "tags");
    azm_object_text(json, "function", function);
    azm_object_close(json, tags);
    azm_object_close(json, context);
}

static void put_error(struct azm_json_writer *json, const struct azm_error_event *event,
                      const struct azm_transaction *of)
{
    struct azm_frame frames[AZM_FRAMES_MAX];
    const struct azm_exception *error = &event->exception;
    size_t count = azm_stack_read(error->stack, frames, AZM_FRAMES_MAX);
    azm_object_hex(json, "id", error->error_id.bytes, 16);
    if (of) {
        azm_object_hex(json, "trace_id", of->trace_id.bytes, 16);
        azm_object_hex(json, "transaction_id", of->id.bytes, 8);
        azm_object_hex(json, "parent_id", of->id.bytes, 8);
    }
    azm_object_number(json, "timestamp", event->timestamp_us);
    put_culprit(json, frames, count);
    if (of) {
        struct azm_object_mark mark = azm_object_open(json, "transaction");
        azm_object_bool(json, "sampled", of->sampled);
        azm_object_text(json, "name", of->name);
        azm_object_text(json, "type", of->type.len ? of->type : AZM_S("request"));
        azm_object_close(json, mark);
    }
    azm_slice text = count ? (azm_slice){NULL, 0} : without_empty_end(error->stack);
    if (text.len)
        put_log(json, text);
    if (event->function.len)
        put_tags(json, event->function);
    put_exception(json, error, frames, count);
}

/* A whole line, or nothing. */
static bool add_line(struct azm_buf *out, const struct azm_error_event *event, const struct azm_transaction *of)
{
    size_t before = out->len;
    struct azm_json_writer json = azm_json_writer(out);
    azm_json_open_object(&json);
    azm_json_open_object(azm_json_key(&json, AZM_S("error")));
    put_error(&json, event, of);
    azm_json_close_object(&json);
    azm_json_close_object(&json);
    azm_json_end_line(&json);
    if (out->len - before <= AZM_ELASTIC_EVENT_MAX)
        return true;
    azm_buf_truncate(out, before);
    return false;
}

/* It ended the invocation. */
static int64_t end_of(const struct azm_transaction *transaction)
{
    uint64_t duration = transaction->duration_us;
    return transaction->timestamp_us + (int64_t)(duration < INT32_MAX * UINT64_C(1000000) ? duration : 0);
}

bool azm_elastic_error(struct azm_buf *out, const struct azm_transaction *transaction)
{
    struct azm_error_event event = {.timestamp_us = end_of(transaction), .exception = transaction->exception};
    return !azm_trace_id_is_none(event.exception.error_id) && !azm_trace_id_is_none(transaction->trace_id) &&
           !azm_span_id_is_none(transaction->id) && add_line(out, &event, transaction);
}

unsigned azm_elastic_error_event(struct azm_buf *out, const struct azm_error_event *error)
{
    return !azm_trace_id_is_none(error->exception.error_id) && add_line(out, error, NULL);
}
