#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>

#include <cmocka.h>

#include "proto/wire.h"
#include "ring/sample.h"

static char storage[AZM_RECORD_MAX];

static struct azm_buf over_storage(size_t size)
{
    struct azm_buf buf;
    azm_buf_init_fixed(&buf, storage, size);
    return buf;
}

static azm_slice encode_transaction(const struct azm_transaction *transaction)
{
    struct azm_buf buf = over_storage(sizeof storage);
    azm_record_put_transaction(&buf, transaction);
    assert_false(buf.failed);
    return azm_buf_slice(&buf);
}

static azm_slice encode_source(const struct azm_source *source)
{
    struct azm_buf buf = over_storage(sizeof storage);
    azm_record_put_source(&buf, source);
    assert_false(buf.failed);
    return azm_buf_slice(&buf);
}

static void same_text(azm_slice a, azm_slice b)
{
    assert_int_equal(a.ptr == NULL, b.ptr == NULL);
    assert_true(azm_slice_eq(a, b));
}

static void same_pairs(struct azm_pairs a, struct azm_pairs b)
{
    assert_int_equal(a.count, b.count);
    for (size_t i = 0; i < a.count; i++) {
        same_text(a.items[i].key, b.items[i].key);
        same_text(a.items[i].value, b.items[i].value);
    }
}

#define SAME_TEXT(member)   same_text(a->member, b->member)
#define SAME_NUMBER(member) assert_true(a->member == b->member)
#define SAME_BYTES(member)  assert_memory_equal(&a->member, &b->member, sizeof a->member)

static void same_transaction(const struct azm_transaction *a, const struct azm_transaction *b)
{
    SAME_BYTES(trace_id);
    SAME_BYTES(id);
    SAME_BYTES(parent_id);
    SAME_NUMBER(timestamp_us);
    SAME_NUMBER(duration_us);
    SAME_TEXT(name);
    SAME_TEXT(type);
    SAME_TEXT(result);
    SAME_NUMBER(outcome);
    SAME_NUMBER(sampled);
    SAME_NUMBER(sample_rate);
    SAME_TEXT(faas.id);
    SAME_TEXT(faas.name);
    SAME_TEXT(faas.execution);
    SAME_TEXT(faas.trigger_type);
    SAME_TEXT(faas.trigger_request_id);
    SAME_NUMBER(faas.coldstart);
    SAME_TEXT(http.method);
    SAME_TEXT(http.url);
    SAME_TEXT(http.http_version);
    SAME_TEXT(http.remote_address);
    same_pairs(a->http.request_headers, b->http.request_headers);
    same_pairs(a->http.response_headers, b->http.response_headers);
    SAME_NUMBER(http.status_code);
    SAME_NUMBER(http.has_sizes);
    SAME_NUMBER(http.request_size);
    SAME_NUMBER(http.response_size);
    SAME_TEXT(http.request_body);
    SAME_TEXT(message.queue);
    SAME_NUMBER(message.has_age);
    SAME_NUMBER(message.age_ms);
    same_pairs(a->message.headers, b->message.headers);
    SAME_TEXT(message.routing_key);
    SAME_TEXT(message.body);
    assert_memory_equal(&a->exception.error_id, &b->exception.error_id, sizeof a->exception.error_id);
    SAME_TEXT(exception.type);
    SAME_TEXT(exception.message);
    SAME_TEXT(exception.stack);
    SAME_NUMBER(exception.handled);
    SAME_TEXT(origin.id);
    SAME_TEXT(origin.name);
    SAME_TEXT(origin.cloud_provider);
    SAME_TEXT(origin.cloud_service);
    SAME_TEXT(origin.cloud_account_id);
    same_pairs(a->labels, b->labels);
    SAME_NUMBER(link_count);
    if (a->link_count)
        assert_memory_equal(a->links, b->links, a->link_count * sizeof *a->links);
}

static void same_source(const struct azm_source *a, const struct azm_source *b)
{
    SAME_TEXT(service_name);
    SAME_TEXT(service_version);
    SAME_TEXT(environment);
    SAME_TEXT(node_name);
    SAME_TEXT(agent_name);
    SAME_TEXT(agent_version);
    SAME_TEXT(activation_method);
    SAME_TEXT(framework_name);
    SAME_TEXT(framework_version);
    SAME_TEXT(runtime_name);
    SAME_TEXT(runtime_version);
    SAME_TEXT(language_name);
    SAME_TEXT(language_version);
    SAME_TEXT(cloud_provider);
    SAME_TEXT(cloud_service_name);
    SAME_TEXT(cloud_account_id);
    SAME_TEXT(cloud_instance_id);
    SAME_TEXT(cloud_instance_name);
    SAME_TEXT(cloud_project_name);
    SAME_TEXT(cloud_region);
    SAME_NUMBER(pid);
    SAME_NUMBER(ppid);
    SAME_TEXT(process_title);
    same_pairs(a->labels, b->labels);
    SAME_NUMBER(destination.kind);
    SAME_TEXT(destination.url);
    SAME_TEXT(destination.api_key);
    SAME_TEXT(destination.secret_token);
    SAME_TEXT(destination.ca_file);
    SAME_TEXT(destination.full_url);
    SAME_TEXT(destination.headers);
    SAME_TEXT(destination.client_cert_file);
    SAME_TEXT(destination.client_key_file);
    SAME_NUMBER(destination.protocol);
    SAME_NUMBER(destination.gzip);
    SAME_NUMBER(destination.insecure);
    same_pairs(a->resource, b->resource);
    same_pairs(a->platform, b->platform);
    SAME_NUMBER(destination.verify_server_cert);
    SAME_NUMBER(destination.timeout_ms);
    SAME_TEXT(destination.more_urls);
    SAME_NUMBER(destination.request_bytes);
    SAME_NUMBER(destination.request_time_ms);
}

static void transaction_comes_back(const struct azm_transaction *transaction)
{
    struct azm_arena arena;
    struct azm_transaction out;
    azm_arena_init(&arena, 0);
    memset(&out, 0xee, sizeof out);
    assert_int_equal(azm_record_get_transaction(encode_transaction(transaction), &arena, &out), AZM_OK);
    same_transaction(transaction, &out);
    azm_arena_dispose(&arena);
}

static void source_comes_back(const struct azm_source *source)
{
    struct azm_arena arena;
    struct azm_source out;
    azm_arena_init(&arena, 0);
    memset(&out, 0xee, sizeof out);
    assert_int_equal(azm_record_get_source(encode_source(source), &arena, &out), AZM_OK);
    same_source(source, &out);
    azm_arena_dispose(&arena);
}

static void every_field_comes_back(void **state)
{
    (void)state;
    transaction_comes_back(&azm_sample_transaction);
    transaction_comes_back(&azm_sample_message);
    source_comes_back(&azm_sample_source);
}

/* A member that the sample forgot would make the test above blind for it. */
static void the_samples_set_every_field(void **state)
{
    (void)state;
    static const struct {
        bool source;
        uint32_t last;
    } rows[] = {{false, 16}, {true, 27}};
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_slice in = rows[i].source ? encode_source(&azm_sample_source) : encode_transaction(&azm_sample_transaction);
        struct azm_wire_field field;
        uint32_t last = 0;
        while (azm_wire_next(&in, &field) == AZM_OK) {
            assert_in_range(field.no, last ? last : 1, last + 1);
            last = field.no;
        }
        assert_int_equal(last, rows[i].last);
    }
}

static void what_is_left_out_stays_out(void **state)
{
    (void)state;
    const struct azm_transaction nothing = {.sample_rate = -1};
    const struct azm_source nobody = {.destination.verify_server_cert = true};
    assert_int_equal(encode_transaction(&nothing).len, 0);
    assert_int_equal(encode_source(&nobody).len, 0);
    transaction_comes_back(&nothing);
    source_comes_back(&nobody);
}

static void an_empty_text_is_not_an_absent_one(void **state)
{
    (void)state;
    transaction_comes_back(&(struct azm_transaction){
        .sample_rate = 0, .name = AZM_S(""), .faas = {.coldstart = AZM_FALSE}, .message = {.has_age = AZM_FALSE}});
    transaction_comes_back(
        &(struct azm_transaction){.http = {.has_sizes = AZM_TRUE, .request_size = UINT64_MAX, .response_size = 1}});
    transaction_comes_back(&(struct azm_transaction){.http = {.has_sizes = AZM_TRUE}});
    transaction_comes_back(&(struct azm_transaction){.exception = {.error_id = {{1, 2, 3}},
                                                                   .type = AZM_S("Error"),
                                                                   .message = AZM_S(""),
                                                                   .stack = AZM_S("at f (a.js:1:1)"),
                                                                   .handled = AZM_FALSE}});
    transaction_comes_back(&(struct azm_transaction){.sample_rate = 1, .http = {.url = AZM_S("")}});
    source_comes_back(&(struct azm_source){.destination = {.url = AZM_S("")}}); /* and no check of the certificate */
}

/* Each slice alone, so that no two share a number. */
static void each_text_has_its_own_place(void **state)
{
    (void)state;
    struct azm_source source = {.destination.verify_server_cert = true};
    azm_slice *const texts[] = {&source.service_name,
                                &source.service_version,
                                &source.environment,
                                &source.node_name,
                                &source.agent_name,
                                &source.agent_version,
                                &source.activation_method,
                                &source.framework_name,
                                &source.framework_version,
                                &source.runtime_name,
                                &source.runtime_version,
                                &source.language_name,
                                &source.language_version,
                                &source.cloud_provider,
                                &source.cloud_service_name,
                                &source.cloud_account_id,
                                &source.cloud_instance_id,
                                &source.cloud_instance_name,
                                &source.cloud_project_name,
                                &source.cloud_region,
                                &source.process_title,
                                &source.destination.url,
                                &source.destination.api_key,
                                &source.destination.ca_file,
                                &source.destination.secret_token};
    for (size_t i = 0; i < AZM_COUNT(texts); i++) {
        *texts[i] = AZM_S("here");
        source_comes_back(&source);
        *texts[i] = (azm_slice){0};
    }
}

static void too_small_a_buf_fails_and_nothing_else(void **state)
{
    (void)state;
    size_t whole = encode_transaction(&azm_sample_transaction).len;
    for (size_t size = 0; size < whole + 20; size++) {
        storage[size] = 0x55;
        struct azm_buf buf = over_storage(size);
        azm_record_put_transaction(&buf, &azm_sample_transaction);
        if (size < whole || size >= whole + 10) /* in between it depends on how much the writer asks for ahead */
            assert_int_equal(buf.failed, size < whole);
        assert_int_equal(storage[size], 0x55);
    }
}

static void torn_records_never_pass_the_end(void **state)
{
    (void)state;
    azm_slice whole = encode_transaction(&azm_sample_transaction);
    unsigned torn = 0;
    for (size_t len = 0; len < whole.len; len++) {
        struct azm_arena arena;
        struct azm_transaction out;
        char *exact = malloc(len + 1); /* a sanitizer sees a step past the end */
        azm_arena_init(&arena, 0);
        assert_non_null(exact);
        memcpy(exact + 1, whole.ptr, len);
        torn += azm_record_get_transaction((azm_slice){exact + 1, len}, &arena, &out) == AZM_BAD_INPUT;
        azm_arena_dispose(&arena);
        free(exact);
    }
    assert_true(torn > whole.len / 2);
}

static void strange_fields(void **state)
{
    (void)state;
    static const struct {
        azm_slice bytes;
        enum azm_status status;
    } rows[] = {
        {AZM_S("\x32\x01n"), AZM_OK},
        {AZM_S("\xa0\x06\x05\x32\x01n"), AZM_OK},                            /* number 100, unknown */
        {AZM_S("\xa2\x06\x02xy\x32\x01n"), AZM_OK},                          /* the same as bytes */
        {AZM_S("\xf8\x07\x01\x32\x01n"), AZM_OK},                            /* number 127 */
        {AZM_S("\x08\x07\x32\x01n"), AZM_OK},                                /* trace_id as a number: not ours */
        {AZM_S("\x48\x63\x32\x01n"), AZM_OK},                                /* an outcome of the future: unknown */
        {AZM_S("\x7a\x05\x12\x01v\x18\x07\x32\x01n"), AZM_OK},               /* a label with a field of the future */
        {AZM_S("\x0a\x03xyz\x32\x01n"), AZM_BAD_INPUT},                      /* a trace_id of 3 bytes */
        {AZM_S("\x6a\x06\x38\xff\xff\xff\xff\x1f\x32\x01n"), AZM_BAD_INPUT}, /* a status code over 32 bits */
        {AZM_S("\x32\x05n"), AZM_BAD_INPUT},
        {AZM_S("\x33\x05n"), AZM_BAD_INPUT}, /* a group */
        {AZM_S("\x00\x05n"), AZM_BAD_INPUT}, /* field 0 */
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_arena arena;
        struct azm_transaction out;
        azm_arena_init(&arena, 0);
        assert_int_equal(azm_record_get_transaction(rows[i].bytes, &arena, &out), rows[i].status);
        if (rows[i].status == AZM_OK) {
            assert_true(azm_slice_eq(out.name, AZM_S("n")));
            assert_int_equal(out.outcome, AZM_OUTCOME_UNKNOWN);
            assert_true(azm_trace_id_is_none(out.trace_id));
        }
        azm_arena_dispose(&arena);
    }
}

static void a_rate_that_is_none_is_left_out(void **state)
{
    (void)state;
    static const azm_slice rows[] = {
        {"\x59\0\0\0\0\0\0\xf8\x7f", 9}, /* not a number */
        {"\x59\0\0\0\0\0\0\xf0\x7f", 9}, /* infinite */
        {"\x59\0\0\0\0\0\0\0\x40", 9},   /* 2 */
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_transaction out;
        assert_int_equal(azm_record_get_transaction(rows[i], NULL, &out), AZM_OK);
        assert_true(out.sample_rate == -1);
    }
}

/* As protobuf has it: the last one wins; lists of the last one do, too. */
static void a_part_that_comes_twice(void **state)
{
    (void)state;
    struct azm_arena arena;
    struct azm_transaction out;
    struct azm_buf buf = over_storage(sizeof storage);
    azm_arena_init(&arena, 0);
    azm_record_put_transaction(&buf, &azm_sample_transaction);
    azm_record_put_transaction(&buf, &azm_sample_transaction);
    assert_int_equal(azm_record_get_transaction(azm_buf_slice(&buf), &arena, &out), AZM_OK);
    same_pairs(out.http.request_headers, azm_sample_transaction.http.request_headers);
    assert_int_equal(out.labels.count, 2 * azm_sample_transaction.labels.count);
    assert_int_equal(out.link_count, 2 * azm_sample_transaction.link_count);
    azm_arena_dispose(&arena);
}

static void an_arena_may_be_too_small(void **state)
{
    (void)state;
    struct azm_arena arena;
    struct azm_transaction out;
    azm_arena_init(&arena, 16);
    assert_int_equal(azm_record_get_transaction(encode_transaction(&azm_sample_transaction), &arena, &out),
                     AZM_NO_MEMORY);
    azm_arena_dispose(&arena);
}

static void a_note_comes_back(void **state)
{
    (void)state;
    const azm_slice rows[] = {AZM_S("the ring's folder is not ours"), AZM_S(""), {NULL, 0}};
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        azm_slice line = AZM_S("before");
        struct azm_buf buf = over_storage(sizeof storage);
        azm_record_put_note(&buf, rows[i]);
        assert_int_equal(azm_record_get_note(azm_buf_slice(&buf), &line), AZM_OK);
        same_text(line, rows[i]);
    }
    azm_slice line;
    assert_int_equal(azm_record_get_note(AZM_S("\x0a\x09x"), &line), AZM_BAD_INPUT);
}

static void a_report_comes_back(void **state)
{
    (void)state;
    static const struct azm_report rows[] = {
        {.worker_pid = 0},
        {.worker_pid = UINT32_MAX, .mode = AZM_S_INIT("grpc"), .functions = 3, .http_proxied = true},
        {.functions = UINT32_MAX,
         .bad_bindings = 9,
         .refused = 100000,
         .refusal = AZM_S_INIT("function a could not be loaded"),
         .functions_full = true,
         .host = {1, INT64_MAX, AZM_S_INIT("no HTTP/2"), UINT64_MAX},
         .worker = {UINT32_MAX, -1, AZM_S_INIT(""), 1},
         .clock_jumps = 7,
         .clock_jump_us = INT64_MIN,
         .clock_jumped_us = 5},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_buf buf = over_storage(sizeof storage), again;
        char more[512];
        struct azm_report report;
        azm_record_put_report(&buf, &rows[i]);
        assert_int_equal(azm_record_get_report(azm_buf_slice(&buf), &report), AZM_OK);
        assert_int_equal(report.functions, rows[i].functions);
        assert_int_equal(report.functions_full, rows[i].functions_full);
        assert_int_equal(report.host.blind, rows[i].host.blind);
        assert_true(report.worker.blind_since_us == rows[i].worker.blind_since_us);
        same_text(report.host.blind_reason, rows[i].host.blind_reason);
        assert_true(report.clock_jump_us == rows[i].clock_jump_us);
        azm_buf_init_fixed(&again, more, sizeof more);
        azm_record_put_report(&again, &report);
        assert_true(azm_slice_eq(azm_buf_slice(&buf), azm_buf_slice(&again)));
    }
    struct azm_report report;
    assert_int_equal(azm_record_get_report(AZM_S("\x12\x09x"), &report), AZM_BAD_INPUT);
}

static void an_error_comes_back(void **state)
{
    (void)state;
    static const struct azm_error_event error = {.timestamp_us = -5,
                                                 .function = AZM_S_INIT("orders"),
                                                 .exception = {.error_id = {{1, 2}},
                                                               .type = AZM_S_INIT("T"),
                                                               .message = AZM_S_INIT("m"),
                                                               .stack = AZM_S_INIT("at f"),
                                                               .handled = AZM_FALSE},
                                                 .fatal = true};
    struct azm_buf buf = over_storage(sizeof storage);
    struct azm_error_event back;
    azm_record_put_error(&buf, &error);
    assert_int_equal(azm_record_get_error(azm_buf_slice(&buf), NULL, &back), AZM_OK);
    assert_true(back.timestamp_us == -5);
    same_text(back.function, error.function);
    assert_memory_equal(&back.exception.error_id, &error.exception.error_id, sizeof error.exception.error_id);
    same_text(back.exception.type, error.exception.type);
    same_text(back.exception.message, error.exception.message);
    same_text(back.exception.stack, error.exception.stack);
    assert_int_equal(back.exception.handled, AZM_FALSE);
    assert_true(back.fatal);
    assert_int_equal(azm_record_get_error(AZM_S("\x12\x09x"), NULL, &back), AZM_BAD_INPUT);
}

static void a_log_comes_back(void **state)
{
    (void)state;
    static const struct azm_log_event log = {.timestamp_us = 7,
                                             .trace_id = {{1, 2}},
                                             .transaction_id = {{3}},
                                             .level = AZM_S_INIT("warning"),
                                             .logger = AZM_S_INIT("Function.f.User"),
                                             .message = AZM_S_INIT(""),
                                             .exception = {.type = AZM_S_INIT("T")},
                                             .faas_name = AZM_S_INIT("shop/f"),
                                             .execution = AZM_S_INIT("i-1")};
    struct azm_buf buf = over_storage(sizeof storage);
    struct azm_log_event back;
    azm_record_put_log(&buf, &log);
    assert_int_equal(azm_record_get_log(azm_buf_slice(&buf), NULL, &back), AZM_OK);
    assert_true(back.timestamp_us == 7);
    assert_memory_equal(&back.trace_id, &log.trace_id, sizeof log.trace_id);
    assert_memory_equal(&back.transaction_id, &log.transaction_id, sizeof log.transaction_id);
    same_text(back.level, log.level);
    same_text(back.logger, log.logger);
    same_text(back.message, log.message);
    same_text(back.exception.type, log.exception.type);
    same_text(back.faas_name, log.faas_name);
    same_text(back.execution, log.execution);
    assert_int_equal(azm_record_get_log(AZM_S("\x22\x09x"), NULL, &back), AZM_BAD_INPUT);
}

static void logs_may_have_a_destination_of_their_own(void **state)
{
    static const struct azm_destination rows[] = {
        {.kind = AZM_DESTINATION_NONE},
        {.kind = AZM_DESTINATION_OTLP, .url = AZM_S_INIT("http://o"), .verify_server_cert = true},
        {.kind = AZM_DESTINATION_OTLP, .full_url = AZM_S_INIT("http://o/logs"), .timeout_ms = 5, .gzip = true},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        const struct azm_source source = {.destination.verify_server_cert = true, .logs = rows[i]};
        struct azm_source back;
        azm_slice record = encode_source(&source);
        assert_int_equal(azm_record_get_source(record, NULL, &back), AZM_OK);
        assert_int_equal(back.logs.kind, rows[i].kind);
        same_text(back.logs.url, rows[i].url);
        same_text(back.logs.full_url, rows[i].full_url);
        assert_int_equal(back.logs.verify_server_cert, rows[i].verify_server_cert);
        assert_int_equal(back.logs.timeout_ms, rows[i].timeout_ms);
        assert_int_equal(back.logs.gzip, rows[i].gzip);
        assert_int_equal(back.destination.kind, AZM_DESTINATION_NONE);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_field_comes_back),
        cmocka_unit_test(the_samples_set_every_field),
        cmocka_unit_test(what_is_left_out_stays_out),
        cmocka_unit_test(an_empty_text_is_not_an_absent_one),
        cmocka_unit_test(each_text_has_its_own_place),
        cmocka_unit_test(too_small_a_buf_fails_and_nothing_else),
        cmocka_unit_test(torn_records_never_pass_the_end),
        cmocka_unit_test(strange_fields),
        cmocka_unit_test(a_rate_that_is_none_is_left_out),
        cmocka_unit_test(a_part_that_comes_twice),
        cmocka_unit_test(an_arena_may_be_too_small),
        cmocka_unit_test(a_note_comes_back),
        cmocka_unit_test(a_report_comes_back),
        cmocka_unit_test(an_error_comes_back),
        cmocka_unit_test(a_log_comes_back),
        cmocka_unit_test(logs_may_have_a_destination_of_their_own),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
