#include "ring/record.h"

#include "ring/fields.h"

/* The tables of record.md. A number that is given up stays there as a comment, and in record.md. */
#define SCHEMA(name, fields, type) static const struct azm_schema name = {fields, AZM_COUNT(fields), sizeof(type)}
#define AT(type, member)           offsetof(type, member)

static const struct azm_field pair_fields[] = {
    {1, AZM_FIELD_TEXT, AT(struct azm_pair, key), 0, 0, NULL},
    {2, AZM_FIELD_TEXT, AT(struct azm_pair, value), 0, 0, NULL},
};
SCHEMA(pair_schema, pair_fields, struct azm_pair);

static const struct azm_field link_fields[] = {
    {1, AZM_FIELD_TRACE_ID, AT(struct azm_span_link, trace_id), 0, 0, NULL},
    {2, AZM_FIELD_SPAN_ID, AT(struct azm_span_link, span_id), 0, 0, NULL},
};
SCHEMA(link_schema, link_fields, struct azm_span_link);

#define PAIRS(no, type, member)                                                                                        \
    {                                                                                                                  \
        no, AZM_FIELD_REPEATED, AT(type, member) + AT(struct azm_pairs, items),                                        \
            AT(type, member) + AT(struct azm_pairs, count), 0, &pair_schema                                            \
    }

#define FAAS(no, kind, member)                                                                                         \
    {                                                                                                                  \
        no, AZM_FIELD_##kind, AT(struct azm_faas, member), 0, 0, NULL                                                  \
    }
static const struct azm_field faas_fields[] = {
    FAAS(1, TEXT, id),
    FAAS(2, TEXT, name),
    FAAS(3, TEXT, execution),
    FAAS(4, TEXT, trigger_type),
    FAAS(5, TEXT, trigger_request_id),
    FAAS(6, TRISTATE, coldstart),
};
SCHEMA(faas_schema, faas_fields, struct azm_faas);

#define HTTP(no, kind, member)                                                                                         \
    {                                                                                                                  \
        no, AZM_FIELD_##kind, AT(struct azm_http_context, member), 0, 0, NULL                                          \
    }
static const struct azm_field http_fields[] = {
    HTTP(1, TEXT, method),
    HTTP(2, TEXT, url),
    HTTP(3, TEXT, http_version),
    HTTP(4, TEXT, remote_address),
    PAIRS(5, struct azm_http_context, request_headers),
    PAIRS(6, struct azm_http_context, response_headers),
    HTTP(7, UINT32, status_code),
    HTTP(8, TRISTATE, has_sizes),
    HTTP(9, UINT64, request_size),
    HTTP(10, UINT64, response_size),
    HTTP(11, TEXT, request_body),
};
SCHEMA(http_schema, http_fields, struct azm_http_context);

#define MESSAGE(no, kind, member)                                                                                      \
    {                                                                                                                  \
        no, AZM_FIELD_##kind, AT(struct azm_message_context, member), 0, 0, NULL                                       \
    }
static const struct azm_field message_fields[] = {
    MESSAGE(1, TEXT, queue),       MESSAGE(2, TRISTATE, has_age),
    MESSAGE(3, UINT64, age_ms),    PAIRS(4, struct azm_message_context, headers),
    MESSAGE(5, TEXT, routing_key), MESSAGE(6, TEXT, body),
};
SCHEMA(message_schema, message_fields, struct azm_message_context);

#define ORIGIN(no, member)                                                                                             \
    {                                                                                                                  \
        no, AZM_FIELD_TEXT, AT(struct azm_origin, member), 0, 0, NULL                                                  \
    }
static const struct azm_field origin_fields[] = {
    ORIGIN(1, id), ORIGIN(2, name), ORIGIN(3, cloud_provider), ORIGIN(4, cloud_service), ORIGIN(5, cloud_account_id),
};
SCHEMA(origin_schema, origin_fields, struct azm_origin);

#define EXCEPTION(no, kind, member)                                                                                    \
    {                                                                                                                  \
        no, AZM_FIELD_##kind, AT(struct azm_exception, member), 0, 0, NULL                                             \
    }
static const struct azm_field exception_fields[] = {
    EXCEPTION(1, TRACE_ID, error_id), EXCEPTION(2, TEXT, type),        EXCEPTION(3, TEXT, message),
    EXCEPTION(4, TEXT, stack),        EXCEPTION(5, TRISTATE, handled),
};
SCHEMA(exception_schema, exception_fields, struct azm_exception);

#define TRANSACTION(no, kind, member)                                                                                  \
    {                                                                                                                  \
        no, AZM_FIELD_##kind, AT(struct azm_transaction, member), 0, 0, NULL                                           \
    }
#define TRANSACTION_PART(no, member, schema)                                                                           \
    {                                                                                                                  \
        no, AZM_FIELD_PART, AT(struct azm_transaction, member), 0, 0, &(schema)                                        \
    }
static const struct azm_field transaction_fields[] = {
    TRANSACTION(1, TRACE_ID, trace_id),
    TRANSACTION(2, SPAN_ID, id),
    TRANSACTION(3, SPAN_ID, parent_id),
    TRANSACTION(4, INT64, timestamp_us),
    TRANSACTION(5, UINT64, duration_us),
    TRANSACTION(6, TEXT, name),
    TRANSACTION(7, TEXT, type),
    TRANSACTION(8, TEXT, result),
    {9, AZM_FIELD_ENUM, AT(struct azm_transaction, outcome), 0, AZM_OUTCOME_FAILURE, NULL},
    TRANSACTION(10, BOOL, sampled),
    TRANSACTION(11, RATE, sample_rate),
    TRANSACTION_PART(12, faas, faas_schema),
    TRANSACTION_PART(13, http, http_schema),
    TRANSACTION_PART(14, message, message_schema),
    PAIRS(15, struct azm_transaction, labels),
    {16, AZM_FIELD_REPEATED, AT(struct azm_transaction, links), AT(struct azm_transaction, link_count), 0,
     &link_schema},
    TRANSACTION_PART(17, origin, origin_schema),
    TRANSACTION_PART(18, exception, exception_schema),
};
SCHEMA(transaction_schema, transaction_fields, struct azm_transaction);

#define DESTINATION(no, kind, member)                                                                                  \
    {                                                                                                                  \
        no, AZM_FIELD_##kind, AT(struct azm_destination, member), 0, 0, NULL                                           \
    }
static const struct azm_field destination_fields[] = {
    {1, AZM_FIELD_ENUM, AT(struct azm_destination, kind), 0, AZM_DESTINATION_OTLP, NULL},
    DESTINATION(2, TEXT, url),
    DESTINATION(3, TEXT, api_key),
    DESTINATION(4, TEXT, secret_token),
    DESTINATION(5, TEXT, ca_file),
    DESTINATION(6, NOT, verify_server_cert),
    DESTINATION(7, UINT32, timeout_ms),
    DESTINATION(8, TEXT, full_url),
    DESTINATION(9, TEXT, headers),
    DESTINATION(10, TEXT, client_cert_file),
    DESTINATION(11, TEXT, client_key_file),
    {12, AZM_FIELD_ENUM, AT(struct azm_destination, protocol), 0, AZM_OTLP_JSON, NULL},
    DESTINATION(13, BOOL, gzip),
    DESTINATION(14, BOOL, insecure),
    DESTINATION(15, TEXT, more_urls),
    DESTINATION(16, UINT32, request_bytes),
    DESTINATION(17, UINT32, request_time_ms),
};
SCHEMA(destination_schema, destination_fields, struct azm_destination);

#define SOURCE(no, kind, member)                                                                                       \
    {                                                                                                                  \
        no, AZM_FIELD_##kind, AT(struct azm_source, member), 0, 0, NULL                                                \
    }
static const struct azm_field source_fields[] = {
    SOURCE(1, TEXT, service_name),
    SOURCE(2, TEXT, service_version),
    SOURCE(3, TEXT, environment),
    SOURCE(4, TEXT, node_name),
    SOURCE(5, TEXT, agent_name),
    SOURCE(6, TEXT, agent_version),
    SOURCE(7, TEXT, activation_method),
    SOURCE(8, TEXT, framework_name),
    SOURCE(9, TEXT, framework_version),
    SOURCE(10, TEXT, runtime_name),
    SOURCE(11, TEXT, runtime_version),
    SOURCE(12, TEXT, language_name),
    SOURCE(13, TEXT, language_version),
    SOURCE(14, TEXT, cloud_provider),
    SOURCE(15, TEXT, cloud_service_name),
    SOURCE(16, TEXT, cloud_account_id),
    SOURCE(17, TEXT, cloud_instance_id),
    SOURCE(18, TEXT, cloud_instance_name),
    SOURCE(19, TEXT, cloud_project_name),
    SOURCE(20, TEXT, cloud_region),
    SOURCE(21, UINT32, pid),
    SOURCE(22, UINT32, ppid),
    SOURCE(23, TEXT, process_title),
    PAIRS(24, struct azm_source, labels),
    {25, AZM_FIELD_MESSAGE, AT(struct azm_source, destination), 0, 0, &destination_schema},
    PAIRS(26, struct azm_source, resource),
    PAIRS(27, struct azm_source, platform),
    {28, AZM_FIELD_PART, AT(struct azm_source, logs), 0, 0, &destination_schema},
};
SCHEMA(source_schema, source_fields, struct azm_source);

static const struct azm_field error_fields[] = {
    {1, AZM_FIELD_INT64, AT(struct azm_error_event, timestamp_us), 0, 0, NULL},
    {2, AZM_FIELD_PART, AT(struct azm_error_event, exception), 0, 0, &exception_schema},
    {3, AZM_FIELD_TEXT, AT(struct azm_error_event, function), 0, 0, NULL},
    {4, AZM_FIELD_BOOL, AT(struct azm_error_event, fatal), 0, 0, NULL},
};
SCHEMA(error_schema, error_fields, struct azm_error_event);

#define LOG(no, kind, member)                                                                                          \
    {                                                                                                                  \
        no, AZM_FIELD_##kind, AT(struct azm_log_event, member), 0, 0, NULL                                             \
    }
static const struct azm_field log_fields[] = {
    LOG(1, INT64, timestamp_us),
    LOG(2, TRACE_ID, trace_id),
    LOG(3, SPAN_ID, transaction_id),
    LOG(4, TEXT, level),
    LOG(5, TEXT, logger),
    LOG(6, TEXT, message),
    {7, AZM_FIELD_PART, AT(struct azm_log_event, exception), 0, 0, &exception_schema},
    LOG(8, TEXT, faas_name),
    LOG(9, TEXT, execution),
};
SCHEMA(log_schema, log_fields, struct azm_log_event);

struct note {
    azm_slice line;
};
static const struct azm_field note_fields[] = {{1, AZM_FIELD_TEXT, AT(struct note, line), 0, 0, NULL}};
SCHEMA(note_schema, note_fields, struct note);

#define SIDE(no, kind, member)                                                                                         \
    {                                                                                                                  \
        no, AZM_FIELD_##kind, AT(struct azm_report_side, member), 0, 0, NULL                                           \
    }
static const struct azm_field side_fields[] = {
    SIDE(1, UINT32, blind),
    SIDE(2, INT64, blind_since_us),
    SIDE(3, TEXT, blind_reason),
    SIDE(4, UINT64, malformed),
};
SCHEMA(side_schema, side_fields, struct azm_report_side);

#define REPORT(no, kind, member)                                                                                       \
    {                                                                                                                  \
        no, AZM_FIELD_##kind, AT(struct azm_report, member), 0, 0, NULL                                                \
    }
static const struct azm_field report_fields[] = {
    REPORT(1, UINT32, worker_pid),
    REPORT(2, TEXT, mode),
    REPORT(3, UINT32, functions),
    REPORT(4, BOOL, functions_full),
    REPORT(5, BOOL, http_proxied),
    {6, AZM_FIELD_PART, AT(struct azm_report, host), 0, 0, &side_schema},
    {7, AZM_FIELD_PART, AT(struct azm_report, worker), 0, 0, &side_schema},
    REPORT(8, UINT32, clock_jumps),
    REPORT(9, INT64, clock_jump_us),
    REPORT(10, INT64, clock_jumped_us),
    REPORT(11, UINT32, bad_bindings),
    REPORT(12, UINT32, refused),
    REPORT(13, TEXT, refusal),
};
SCHEMA(report_schema, report_fields, struct azm_report);

void azm_record_put_source(struct azm_buf *out, const struct azm_source *source)
{
    azm_fields_put(out, &source_schema, source);
}

void azm_record_put_transaction(struct azm_buf *out, const struct azm_transaction *transaction)
{
    azm_fields_put(out, &transaction_schema, transaction);
}

void azm_record_put_error(struct azm_buf *out, const struct azm_error_event *error)
{
    azm_fields_put(out, &error_schema, error);
}

void azm_record_put_log(struct azm_buf *out, const struct azm_log_event *log)
{
    azm_fields_put(out, &log_schema, log);
}

void azm_record_put_note(struct azm_buf *out, azm_slice line)
{
    azm_fields_put(out, &note_schema, &(struct note){line});
}

enum azm_status azm_record_get_source(azm_slice record, struct azm_arena *arena, struct azm_source *out)
{
    *out = (struct azm_source){.destination.verify_server_cert = true, .logs.verify_server_cert = true};
    enum azm_status status = azm_fields_get(record, &source_schema, arena, out);
    if (out->logs.kind == AZM_DESTINATION_NONE)
        out->logs = (struct azm_destination){0};
    return status;
}

enum azm_status azm_record_get_transaction(azm_slice record, struct azm_arena *arena, struct azm_transaction *out)
{
    *out = (struct azm_transaction){.sample_rate = -1};
    return azm_fields_get(record, &transaction_schema, arena, out);
}

enum azm_status azm_record_get_error(azm_slice record, struct azm_arena *arena, struct azm_error_event *out)
{
    *out = (struct azm_error_event){0};
    return azm_fields_get(record, &error_schema, arena, out);
}

enum azm_status azm_record_get_log(azm_slice record, struct azm_arena *arena, struct azm_log_event *out)
{
    *out = (struct azm_log_event){0};
    return azm_fields_get(record, &log_schema, arena, out);
}

enum azm_status azm_record_get_note(azm_slice record, azm_slice *line)
{
    struct note note = {0};
    enum azm_status status = azm_fields_get(record, &note_schema, NULL, &note); /* has nothing to allocate for */
    *line = note.line;
    return status;
}

void azm_record_put_report(struct azm_buf *out, const struct azm_report *report)
{
    azm_fields_put(out, &report_schema, report);
}

enum azm_status azm_record_get_report(azm_slice record, struct azm_report *out)
{
    *out = (struct azm_report){0};
    return azm_fields_get(record, &report_schema, NULL, out); /* has nothing to allocate for */
}
