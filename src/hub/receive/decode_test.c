#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/receive/decode.h"

#define ID16 "0123456789abcdef"
#define ID32 ID16 ID16
#define T(more)                                                                                                        \
    "{\"transaction\":{\"id\":\"" ID16 "\",\"trace_id\":\"" ID32                                                       \
    "\",\"type\":\"t\",\"duration\":1,\"span_count\":{\"started\":0}" more "}}"
#define SPAN(more)                                                                                                     \
    "{\"span\":{\"id\":\"" ID16 "\",\"trace_id\":\"" ID32 "\",\"parent_id\":\"" ID16                                   \
    "\",\"name\":\"n\",\"type\":\"t\",\"duration\":1" more "}}"
#define E(more) "{\"error\":{\"id\":\"" ID32 "\"" more "}}"
#define M(more) "{\"metadata\":{\"service\":{\"name\":\"a\",\"agent\":{\"name\":\"x\",\"version\":\"1\"}" more "}}"

/* complaint: a part of the error, or NULL when the line is good */
static const struct {
    const char *line, *complaint;
} metadata[] = {
    {M("}"), NULL},
    {M("},\"process\":{\"pid\":1}"), NULL},
    {M("},\"process\":null,\"unknown\":[1]"), NULL},
    {M(",\"environment\":null}"), NULL},
    {M("},\"process\":{}"), "'metadata.process.pid' required"},
    {M("},\"process\":{\"pid\":\"1\"}"), "'metadata.process.pid' must be integer"},
    {M(",\"runtime\":{\"name\":\"node\"}}"), "'metadata.service.runtime.version' required"},
    {M("},\"labels\":{\"a\":{}}"), "'metadata.labels.a' must be"},
    {"{\"metadata\":{}}", "'metadata.service' required"},
    {"{\"metadata\":{\"service\":{\"name\":\"a/b\",\"agent\":{\"name\":\"x\",\"version\":\"1\"}}}}", "letters"},
    {"{\"metadata\":{\"service\":{\"name\":\"\",\"agent\":{\"name\":\"x\",\"version\":\"1\"}}}}", "is empty"},
    {"{\"metadata\":[]}", "'metadata' must be object"},
    {"{}", "metadata"},
    {"[]", "metadata"},
    {T(""), "metadata"},
    {"{\"metadata\":", "JSON"},
};

static const struct {
    const char *line, *complaint;
} events[] = {
    {T(""), NULL},
    {T(",\"duration\":1e300"), NULL},
    {T(",\"timestamp\":\"2026-11-23T08:00:00Z\""), NULL},
    {T(",\"outcome\":null,\"context\":null"), NULL},
    {T(",\"outcome\":\"bad\""), "'transaction.outcome' must be success"},
    {T(",\"parent_id\":7"), "'transaction.parent_id' must be string"},
    {T(",\"context\":{\"request\":{}}"), "'transaction.context.request.method' required"},
    {T(",\"context\":{\"request\":{\"method\":\"GET\",\"headers\":{\"a\":[1]}}}"), "headers.a[0]' must be string"},
    {T(",\"links\":[{\"trace_id\":\"a\"}]"), "'transaction.links[0].span_id' required"},
    {T(",\"links\":[null]"), "'transaction.links[0]' must be object"},
    {T(",\"id\":\"\""), "'transaction.id' is empty"},
    {T(",\"duration\":-1"), "'transaction.duration' must be at least 0"},
    {T(",\"span_count\":{}"), "'transaction.span_count.started' required"},
    {T(",\"faas\":{\"coldstart\":\"yes\"}"), "'transaction.faas.coldstart' must be boolean"},
    {T(",\"faas\":{\"trigger\":{\"type\":null}}"), NULL},
    {SPAN(",\"timestamp\":1"), NULL},
    {SPAN(",\"start\":1.5"), NULL},
    {SPAN(""), "'span' requires 'timestamp' or 'start'"},
    {SPAN(",\"start\":1,\"composite\":{\"count\":1,\"sum\":1,\"compression_strategy\":\"x\"}"), "at least 2"},
    {SPAN(",\"start\":1,\"stacktrace\":[{\"lineno\":1}]"), "requires 'classname' or 'filename'"},
    {E(",\"exception\":{\"type\":\"X\"}"), NULL},
    {E(",\"log\":{\"message\":\"m\"}"), NULL},
    {E(",\"log\":{}"), "'error.log.message' required"},
    {E(",\"exception\":{}"), "requires 'message' or 'type'"},
    {E(""), "requires 'exception' or 'log'"},
    {E(",\"exception\":{\"type\":\"X\"},\"trace_id\":\"a\""), "parent_id"},
    {E(",\"exception\":{\"type\":\"X\"},\"trace_id\":\"a\",\"parent_id\":\"b\""), NULL},
    {"{\"log\":{\"message\":\"m\",\"log.level\":\"info\"}}", NULL},
    {"{\"log\":{\"message\":7}}", "'log.message' must be string"},
    {"{\"metricset\":{\"samples\":{\"a\":{\"value\":1}}}}", NULL},
    {"{\"metricset\":{\"samples\":{\"a*\":{\"value\":1}}}}", "holds a character"},
    {"{\"metricset\":{\"samples\":{\"a\":{}}}}", "requires 'value' or 'values'"},
    {"{\"metricset\":{\"samples\":{\"a\":{\"values\":[1]}}}}", "both of 'values' and 'counts'"},
    {"{\"unheard\":{}}", "\"unheard\""},
    {"{\"span\":7}", "'span' must be object"},
    {"{\"transaction\":{\"id\":\"\xff\"}}", "JSON"},
    {"7", "JSON"},
    {"{", "JSON"},
};

static void check(const char *line, const char *complaint,
                  enum azm_status (*decode)(azm_slice, struct azm_batch *, struct azm_error *))
{
    struct azm_batch batch;
    struct azm_error err = {.text = ""};
    azm_batch_init(&batch);
    enum azm_status status = decode(azm_slice_str(line), &batch, &err);
    if ((status == AZM_OK) != !complaint)
        fail_msg("%s\n%s", line, err.text);
    if (complaint && !strstr(err.text, complaint))
        fail_msg("%s\n%s, expected %s", line, err.text, complaint);
    if (complaint)
        assert_int_equal(batch.count, 0);
    azm_batch_dispose(&batch);
}

static void metadata_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(metadata); i++)
        check(metadata[i].line, metadata[i].complaint, azm_decode_metadata);
}

static void event_lines(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(events); i++)
        check(events[i].line, events[i].complaint, azm_decode_event);
}

static void equal(azm_slice got, const char *expected)
{
    if (!azm_slice_eq(got, azm_slice_str(expected)))
        fail_msg("\"%.*s\", expected \"%s\"", AZM_FMT(got), expected);
}

static const struct azm_event *decode(struct azm_batch *batch, const char *line)
{
    size_t before = batch->count;
    assert_int_equal(azm_decode_event(azm_slice_str(line), batch, NULL), AZM_OK);
    assert_int_equal(batch->count, before + 1);
    return &batch->events[before];
}

static void columns(void **state)
{
    (void)state;
    struct azm_batch batch;
    azm_batch_init(&batch);
    batch.received_us = 5000000;
    assert_int_equal(azm_decode_metadata(azm_slice_str(M("}")), &batch, NULL), AZM_OK);
    const struct azm_event *t = decode(
        &batch,
        T(",\"timestamp\":7,\"result\":\"HTTP 5xx\",\"faas\":{\"coldstart\":true,\"trigger\":{\"type\":\"http\"}},"
          "\"context\":{\"service\":{\"name\":\"other\"},\"response\":{\"status_code\":500}}"));
    equal(t->service, "other");
    equal(t->result, "HTTP 5xx");
    equal(t->trigger, "http");
    equal(t->trace_id, ID32);
    assert_int_equal(t->start_us, 7);
    assert_int_equal(t->duration_us, 1000);
    assert_int_equal(t->outcome, AZM_OUTCOME_FAILURE); /* by its status */
    assert_true(t->coldstart);

    const struct azm_event *s = decode(&batch, SPAN(",\"start\":1.5,\"subtype\":\"http\""));
    equal(s->service, "a");
    equal(s->subtype, "http");
    assert_int_equal(s->start_us, 5001500); /* no time of its own: that of its arrival */
    assert_int_equal(s->outcome, AZM_OUTCOME_UNKNOWN);
    assert_true(s->raw.ptr[0] == '{' && s->raw.ptr[s->raw.len - 1] == '}');

    const struct azm_event *l =
        decode(&batch, "{\"log\":{\"message\":\"m\",\"trace\":{\"id\":\"tt\"},\"span.id\":\"ss\","
                       "\"log\":{\"level\":\"warn\"},\"@timestamp\":\"1970-01-01T00:00:01Z\"}}");
    equal(l->trace_id, "tt");
    equal(l->parent_id, "ss");
    equal(l->result, "warn");
    assert_int_equal(l->start_us, 1000000);

    const struct azm_event *two = decode(&batch, "{\"error\":{\"id\":\"e\",\"exception\":{\"type\":\"X\"}},\"b\":{}}");
    equal(two->raw, "{\"id\":\"e\",\"exception\":{\"type\":\"X\"}}");
    azm_batch_dispose(&batch);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(metadata_lines), cmocka_unit_test(event_lines),
                                       cmocka_unit_test(columns)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
