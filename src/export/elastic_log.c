#include "export/elastic.h"
#include "export/object.h"
#include "trace/stack.h"

/* ECS names with dots, as intake v2 takes them too. */
static void put_exception(struct azm_json_writer *json, const struct azm_exception *exception)
{
    azm_slice type = exception->type.len ? exception->type : azm_stack_type(exception->stack, exception->message);
    azm_object_text(json, "error.type", type.len ? type : (azm_slice){NULL, 0});
    azm_object_long_text(json, "error.message", exception->message);
    azm_object_long_text(json, "error.stack_trace", exception->stack);
}

unsigned azm_elastic_log(struct azm_buf *out, const struct azm_log_event *log)
{
    size_t before = out->len;
    struct azm_json_writer json = azm_json_writer(out);
    if (!log->message.len && !log->exception.message.len)
        return 0;
    azm_json_open_object(&json);
    azm_json_open_object(azm_json_key(&json, AZM_S("log")));
    azm_object_number(&json, "@timestamp", log->timestamp_us);
    if (!azm_trace_id_is_none(log->trace_id))
        azm_object_hex(&json, "trace.id", log->trace_id.bytes, sizeof log->trace_id.bytes);
    if (!azm_span_id_is_none(log->transaction_id))
        azm_object_hex(&json, "transaction.id", log->transaction_id.bytes, sizeof log->transaction_id.bytes);
    azm_object_text(&json, "log.level", log->level);
    azm_object_text(&json, "log.logger", log->logger);
    azm_object_long_text(&json, "message", log->message.len ? log->message : log->exception.message);
    put_exception(&json, &log->exception);
    azm_json_close_object(&json);
    azm_json_close_object(&json);
    azm_json_end_line(&json);
    if (out->len - before <= AZM_ELASTIC_EVENT_MAX)
        return 1;
    azm_buf_truncate(out, before);
    return 0;
}
