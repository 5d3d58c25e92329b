/* One row per trigger and mode, then the shapes that nobody promised. Keys and forms of values are those of the public
 * extensions of the Functions host. */
#include "tap/trigger_read.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/buf.h"

#define TRACE_1 "00-11111111111111111111111111111111-1111111111111111-01"
#define TRACE_2 "00-22222222222222222222222222222222-2222222222222222-00"
#define TRACE_3 "00-33333333333333333333333333333333-3333333333333333-01"
/* TRACE_1 and "es=s:0.5" in base64 */
#define BASE64_1  "MDAtMTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTEtMTExMTExMTExMTExMTExMS0wMQ=="
#define BASE64_ES "ZXM9czowLjU="

enum arm { STRING, JSON, INT, INPUT_STRING, INPUT_JSON, ELEMENT };

struct value {
    const char *key;
    enum arm arm;
    const char *text;
};

static const struct {
    const char *what, *trigger;
    struct value values[8];
    const char *told;
} rows[] = {
    {"nothing is read of an HTTP request", "httpTrigger", {{"MessageId", STRING, "m"}}, ""},
    {"nor of what nobody knows",
     "daprTopicTrigger",
     {{"MessageId", STRING, "m"}, {NULL, INPUT_JSON, "{\"id\":1}"}},
     ""},
    {"nor of a trigger without keys", "cosmosDBTrigger", {{NULL, INPUT_JSON, "[{\"id\":\"1\"}]"}}, ""},

    {"timer",
     "timerTrigger",
     {{"TimerTrigger", STRING, "11/23/2026 08:00:00"},
      {NULL, INPUT_JSON,
       "{\"Schedule\":{\"AdjustForDST\":true},\"ScheduleStatus\":{\"Last\":\"2026-11-23T08:00:00\"},"
       "\"IsPastDue\":false}"}},
     "past_due=false "},
    {"timer that is late, in camel case, as a text",
     "timerTrigger",
     {{NULL, INPUT_STRING, "{\"isPastDue\":true}"}},
     "past_due=true "},
    {"timer with another idea of a flag", "timerTrigger", {{NULL, INPUT_JSON, "{\"IsPastDue\":1}"}}, ""},
    {"only the first input is the trigger's",
     "timerTrigger",
     {{NULL, INPUT_JSON, "{}"}, {NULL, INPUT_JSON, "{\"IsPastDue\":true}"}},
     ""},

    {"storage queue",
     "queueTrigger",
     {{"QueueTrigger", STRING, "text"},
      {"DequeueCount", JSON, "5"},
      {"Id", STRING, "6d1a"},
      {"InsertionTime", JSON, "\"1970-01-01T00:00:01+00:00\""},
      {"PopReceipt", STRING, "AgAA"}},
     "enqueued=1000000 id=6d1a dequeue_count=5 "},
    {"storage queue: counts by other arms", "queueTrigger", {{"DequeueCount", INT, "3"}}, "dequeue_count=3 "},
    {"storage queue: body members of other forms",
     "queueTrigger",
     {{"DequeueCount", JSON, "{\"a\":[1]}"}, {"Id", JSON, "7"}, {"InsertionTime", STRING, "yesterday"}},
     ""},
    {"storage queue: a negative count", "queueTrigger", {{"DequeueCount", INT, "-3"}}, ""},
    {"storage queue: no time", "queueTrigger", {{"InsertionTime", JSON, "\"0001-01-01T00:00:00\""}}, ""},

    {"Service Bus, one message",
     "serviceBusTrigger",
     {{"DeliveryCount", JSON, "2"},
      {"DeadLetterSource", STRING, "orders"},
      {"MessageId", STRING, "m1"},
      {"EnqueuedTimeUtc", JSON, "\"1970-01-01T00:00:02Z\""},
      {"ContentType", STRING, "text/plain"},
      {"CorrelationId", STRING, "c1"},
      {"SessionId", STRING, "s1"},
      {"ApplicationProperties", JSON, "{\"tenant\":\"x\",\"Diagnostic-Id\":\"" TRACE_1 "\"}"}},
     "parent=1/01 enqueued=2000000 id=m1 delivery_count=2 dead_letter_source=orders "
     "{Content-Type:text/plain} {Correlation-Id:c1} {Diagnostic-Id:" TRACE_1 "} "},
    {"Service Bus: traceparent before Diagnostic-Id, with its tracestate",
     "serviceBusTrigger",
     {{"UserProperties", JSON,
       "{\"Diagnostic-Id\":\"" TRACE_1 "\",\"traceparent\":\"" TRACE_2 "\",\"tracestate\":\"es=s:0.5\"}"}},
     "parent=2/00 state=es=s:0.5 {Diagnostic-Id:" TRACE_1 "} {traceparent:" TRACE_2 "} {tracestate:es=s:0.5} "},
    {"Service Bus: both names of the properties",
     "serviceBusTrigger",
     {{"UserProperties", JSON, "{\"Diagnostic-Id\":\"" TRACE_1 "\"}"},
      {"ApplicationProperties", JSON, "{\"Diagnostic-Id\":\"" TRACE_1 "\"}"}},
     "parent=1/01 {Diagnostic-Id:" TRACE_1 "} "},
    {"Service Bus, a batch",
     "serviceBusTrigger",
     {{"MessageIdArray", JSON, "[\"a\",\"b\"]"},
      {"DeliveryCountArray", JSON, "[1,4,2]"},
      {"UserPropertiesArray", JSON, "[{\"Diagnostic-Id\":\"" TRACE_1 "\"},{},{\"Diagnostic-Id\":\"" TRACE_2 "\"}]"},
      {"ApplicationPropertiesArray", JSON,
       "[{\"Diagnostic-Id\":\"" TRACE_1 "\"},{},{\"Diagnostic-Id\":\"" TRACE_2 "\"}]"}},
     "batch=3 max_delivery_count=4 links=1,2 "},
    {"Service Bus, a batch of one",
     "serviceBusTrigger",
     {{"ApplicationPropertiesArray", JSON,
       "[{\"Diagnostic-Id\":\"" TRACE_1 "\",\"x\":{\"traceparent\":\"" TRACE_2 "\"}}]"}},
     "batch=1 links=1 "},
    {"Service Bus, a batch without properties",
     "serviceBusTrigger",
     {{"ApplicationPropertiesArray", JSON, "[null,{},null]"}},
     "batch=3 "},
    {"Service Bus, a batch of which one message twice",
     "serviceBusTrigger",
     {{"ApplicationPropertiesArray", JSON, "[{\"Diagnostic-Id\":\"" TRACE_1 "\"},{\"traceparent\":\"" TRACE_1 "\"}]"}},
     "batch=2 links=1 "},
    {"Service Bus, one message with a body that looks like a batch",
     "serviceBusTrigger",
     {{"SequenceNumber", JSON, "7"}, {"ApplicationPropertiesArray", JSON, "[{\"traceparent\":\"" TRACE_1 "\"}]"}},
     ""},
    {"Service Bus: a batch that is none",
     "serviceBusTrigger",
     {{"ApplicationPropertiesArray", JSON, "{\"Diagnostic-Id\":\"" TRACE_1 "\"}"}},
     "batch "},
    {"Service Bus: one message's properties as an array",
     "serviceBusTrigger",
     {{"ApplicationProperties", JSON, "[{\"Diagnostic-Id\":\"" TRACE_1 "\"}]"}},
     ""},
    {"Service Bus: properties that end in the middle",
     "serviceBusTrigger",
     {{"ApplicationPropertiesArray", JSON, "[{\"Diagnostic-Id\":\"" TRACE_1 "\"},{\"Diagnostic-Id\":\""}},
     "batch links=1 "},
    {"Service Bus: contexts that are none",
     "serviceBusTrigger",
     {{"ApplicationPropertiesArray", JSON,
       "[{\"Diagnostic-Id\":\"|abc.1.\"},{\"traceparent\":7},{\"traceparent\":{\"a\":1}},{\"traceparent\":\"\xff\xfe\"}"
       "]"}},
     "batch=4 "},
    {"Service Bus: a bad traceparent and a good Diagnostic-Id",
     "serviceBusTrigger",
     {{"ApplicationPropertiesArray", JSON, "[{\"traceparent\":\"00-0\",\"Diagnostic-Id\":\"" TRACE_3 "\"}]"}},
     "batch=1 links=3 "},

    {"Event Hubs, one event",
     "eventHubTrigger",
     {{"PartitionContext", JSON, "{\"EventHubName\":\"hub\",\"ConsumerGroup\":\"$Default\",\"PartitionId\":\"1\"}"},
      {"EnqueuedTimeUtc", JSON, "\"1970-01-01T00:00:03\""},
      {"SequenceNumber", JSON, "9"},
      {"Offset", STRING, "128"},
      {"Properties", JSON, "{\"Diagnostic-Id\":\"" TRACE_1 "\"}"},
      {"SystemProperties", JSON, "{}"}},
     "parent=1/01 enqueued=3000000 queue=hub consumer_group=$Default partition=1 {Diagnostic-Id:" TRACE_1 "} "},
    {"Event Hubs, a batch",
     "eventHubTrigger",
     {{"TriggerPartitionContext", JSON, "{\"PartitionId\":\"1\",\"PartitionId\":\"2\"}"},
      {"PropertiesArray", JSON, "[{\"Diagnostic-Id\":\"" TRACE_2 "\"},{\"Diagnostic-Id\":\"" TRACE_1 "\"}]"},
      {"EnqueuedTimeUtcArray", JSON, "[\"1970-01-01T00:00:03\",\"1970-01-01T00:00:04\"]"}},
     "batch=2 partition=1 links=2,1 "},

    {"Event Grid, its own schema",
     "eventGridTrigger",
     {{NULL, INPUT_JSON,
       "{\"id\":\"e1\",\"topic\":\"/subscriptions/s/topics/t\",\"subject\":\"x\",\"data\":"
       "{\"id\":\"no\",\"traceparent\":\"" TRACE_1 "\"},\"eventType\":\"Made\","
       "\"eventTime\":\"1970-01-01T00:00:05Z\"}"},
      {"data", JSON, "{}"}},
     "enqueued=5000000 id=e1 topic=/subscriptions/s/topics/t event_type=Made "},
    {"Event Grid, a CloudEvent",
     "eventGridTrigger",
     {{NULL, INPUT_STRING,
       "{\"specversion\":\"1.0\",\"id\":\"e2\",\"source\":\"/shop\",\"type\":\"made\","
       "\"time\":\"1970-01-01T00:00:06Z\",\"traceparent\":\"" TRACE_1 "\",\"tracestate\":\"a=b\"}"}},
     "parent=1/01 state=a=b enqueued=6000000 id=e2 topic=/shop event_type=made {traceparent:" TRACE_1
     "} {tracestate:a=b} "},
    {"Event Grid, a batch",
     "eventGridTrigger",
     {{NULL, INPUT_JSON,
       "[{\"id\":\"1\",\"traceparent\":\"" TRACE_1 "\"},{\"id\":\"2\",\"traceparent\":\"" TRACE_3 "\"}]"}},
     "batch=2 links=1,3 "},
    {"Event Grid, a batch as texts",
     "eventGridTrigger",
     {{NULL, ELEMENT, "{\"id\":\"1\",\"traceparent\":\"" TRACE_1 "\"}"},
      {NULL, ELEMENT, "no JSON"},
      {NULL, ELEMENT, "{\"id\":\"2\",\"traceparent\":\"" TRACE_2 "\"}"}},
     "batch links=1,2 "},
    {"Event Grid: no JSON", "eventGridTrigger", {{NULL, INPUT_STRING, "hello"}}, ""},

    {"Kafka, one event",
     "kafkaTrigger",
     {{"Topic", STRING, "news"},
      {"Partition", JSON, "3"},
      {"Timestamp", JSON, "\"1970-01-01T00:00:07Z\""},
      {"Key", STRING, "secret"},
      {"Headers", JSON,
       "[{\"Key\":\"x\",\"Value\":\"eA==\"},{\"Key\":\"traceparent\",\"Value\":\"" BASE64_1
       "\"},{\"Key\":\"tracestate\",\"Value\":\"" BASE64_ES "\"}]"}},
     "parent=1/01 state=es=s:0.5 enqueued=7000000 queue=news partition=3 {traceparent:" TRACE_1
     "} {tracestate:es=s:0.5} "},
    {"Kafka, a batch",
     "kafkaTrigger",
     {{"TopicArray", JSON, "[\"news\",\"news\"]"},
      {"HeadersArray", JSON,
       "[[{\"Key\":\"traceparent\",\"Value\":\"" BASE64_1 "\"}],[],[{\"key\":\"traceparent\","
       "\"value\":\"" TRACE_2 "\"}]]"}},
     "batch=3 links=1,2 "},
    {"Kafka: headers of another form",
     "kafkaTrigger",
     {{"Headers", JSON, "{\"traceparent\":\"" TRACE_1 "\"}"}, {"Partition", STRING, "three"}},
     ""},
    {"Kafka: a value without its key",
     "kafkaTrigger",
     {{"Headers", JSON,
       "[{\"Key\":\"traceparent\"},{\"Value\":\"" BASE64_1 "\"},{\"Key\":{\"Value\":\"" BASE64_1 "\"}}]"}},
     ""},
    {"Kafka: no time", "kafkaTrigger", {{"Timestamp", JSON, "\"1970-01-01T00:00:00Z\""}}, ""},

    {"RabbitMQ",
     "rabbitMQTrigger",
     {{"RoutingKey", STRING, "orders.new"},
      {"Exchange", STRING, "shop"},
      {"Redelivered", JSON, "true"},
      {"DeliveryTag", JSON, "1"},
      {"BasicProperties", JSON,
       "{\"MessageId\":\"r1\",\"Headers\":{\"traceparent\":\"" BASE64_1 "\",\"x\":\"eA==\"}}"}},
     "parent=1/01 id=r1 key=orders.new exchange=shop redelivered=true {traceparent:" TRACE_1 "} "},
    {"RabbitMQ: headers of another form",
     "rabbitMQTrigger",
     {{"BasicProperties", JSON, "{\"Headers\":[{\"traceparent\":\"" TRACE_1 "\"}]}"},
      {"Redelivered", JSON, "\"perhaps\""}},
     ""},

    {"blob",
     "blobTrigger",
     {{"BlobTrigger", STRING, "images/2026/secret.png"},
      {"Uri", JSON, "\"https://a.example/images/secret.png\""},
      {"Metadata", JSON, "{\"owner\":\"x\"}"},
      {"name", STRING, "secret.png"}},
     "container=images "},

    {"orchestration",
     "orchestrationTrigger",
     {{NULL, INPUT_STRING,
       "{\r\n  \"history\": [{\"EventType\": 12}, {\"EventType\": 0, \"Input\": \"x\", "
       "\"ParentTraceContext\": {\"TraceParent\": \"" TRACE_1 "\"}}], \"input\": \"secret\", "
       "\"instanceId\": \"i1\", \"isReplaying\": true, \"parentInstanceId\": null}"},
      {"context", STRING, "{\"instanceId\":\"no\"}"}},
     "instance_id=i1 replaying=true links=1 "},
    {"orchestration as protobuf", "orchestrationTrigger", {{NULL, INPUT_STRING, "CgJpMRIA"}}, ""},
    {"activity",
     "activityTrigger",
     {{"instanceId", STRING, "i1"}, {"data", STRING, "secret"}, {NULL, INPUT_STRING, "{\"instanceId\":\"no\"}"}},
     "instance_id=i1 "},
};

static struct azm_trigger_reader *reader;
static struct azm_buf told;

static bool wants(const struct value *value)
{
    if (value->arm < INPUT_STRING)
        return azm_trigger_wants(reader, azm_slice_str(value->key));
    if (value->arm != ELEMENT)
        azm_trigger_parameter(reader);
    else if (!reader->inputs)
        azm_trigger_parameter(reader);
    return azm_trigger_wants_input(reader);
}

static void give(const struct value *value, size_t cut)
{
    azm_slice text = azm_slice_str(value->text);
    if (!wants(value))
        return;
    if (value->arm == INT) {
        azm_trigger_value_number(reader, strtoll(value->text, NULL, 10));
        return;
    }
    azm_trigger_value_begin(reader, value->arm == JSON || value->arm == INPUT_JSON, value->arm == ELEMENT);
    azm_trigger_value_piece(reader, azm_slice_take(text, cut));
    azm_trigger_value_piece(reader, azm_slice_drop(text, cut));
    azm_trigger_value_end(reader);
}

static void tell(const char *name, azm_slice text)
{
    if (text.ptr)
        azm_buf_addf(&told, "%s=%.*s ", name, AZM_FMT(text));
}

static void tell_facts(const struct azm_trigger_facts *facts)
{
    if (facts->batch && facts->has_size)
        azm_buf_addf(&told, "batch=%u ", (unsigned)facts->batch_size);
    else if (facts->batch)
        azm_buf_add_str(&told, "batch ");
    if (facts->has_context)
        azm_buf_addf(&told, "parent=%x/%02x ", facts->context.trace_id.bytes[0] >> 4, facts->context.flags);
    tell("state", facts->tracestate);
    if (facts->has_enqueued)
        azm_buf_addf(&told, "enqueued=%u ", (unsigned)facts->enqueued_us);
    tell("id", facts->message_id);
    tell("key", facts->routing_key);
    tell("queue", facts->queue);
    tell("topic", facts->topic);
    tell("container", facts->container);
    for (size_t i = 0; i < facts->label_count; i++)
        azm_buf_addf(&told, "%.*s=%.*s ", AZM_FMT(facts->labels[i].key), AZM_FMT(facts->labels[i].value));
    for (size_t i = 0; i < facts->header_count; i++)
        azm_buf_addf(&told, "{%.*s:%.*s} ", AZM_FMT(facts->headers[i].key), AZM_FMT(facts->headers[i].value));
    for (size_t i = 0; i < facts->link_count; i++)
        azm_buf_addf(&told, "%s%x", i ? "," : "links=", facts->links[i].trace_id.bytes[0] >> 4);
    if (facts->link_count)
        azm_buf_add_str(&told, " ");
}

static const char *run(const char *trigger, const struct value *values, size_t count, size_t cut)
{
    azm_buf_clear(&told);
    azm_trigger_begin(reader, azm_trigger_of(azm_slice_str(trigger)));
    for (size_t i = 0; i < count && values[i].text; i++)
        give(&values[i], cut);
    const struct azm_trigger_facts *facts = azm_trigger_facts(reader);
    if (facts)
        tell_facts(facts);
    azm_buf_add_byte(&told, 0);
    return told.ptr;
}

static void triggers_tell_what_is_known_of_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        for (size_t cut = 0; cut < 200; cut++) { /* one after the other: nothing may stick */
            const char *text = run(rows[i].trigger, rows[i].values, AZM_COUNT(rows[i].values), cut);
            if (strcmp(text, rows[i].told) != 0)
                print_error("%s, cut at %zu\n", rows[i].what, cut);
            assert_string_equal(text, rows[i].told);
        }
}

static void nothing_is_read_without_a_trigger(void **state)
{
    (void)state;
    azm_trigger_begin(reader, NULL);
    assert_false(azm_trigger_wants(reader, AZM_S("MessageId")));
    azm_trigger_parameter(reader);
    assert_false(azm_trigger_wants_input(reader));
    assert_null(azm_trigger_facts(reader));
}

/* "[{"Diagnostic-Id":"00-<number>-..."},...]" */
static void many(struct azm_buf *out, unsigned count)
{
    azm_buf_add_str(out, "[");
    for (unsigned i = 1; i <= count; i++)
        azm_buf_addf(out, "%s{\"Diagnostic-Id\":\"00-%032x-%016x-01\",\"text\":\"%0100u\"}", i > 1 ? "," : "", i, i, i);
    azm_buf_add_str(out, "]");
}

static void of_many_messages_a_thousand_are_looked_at(void **state)
{
    (void)state;
    struct azm_buf text;
    azm_buf_init(&text, 64 << 20);
    many(&text, 50000); /* 10 MB */
    azm_buf_add_byte(&text, 0);
    assert_false(text.failed);
    const struct value value = {"ApplicationPropertiesArray", JSON, text.ptr};
    run("serviceBusTrigger", &value, 1, 4321);
    const struct azm_trigger_facts *facts = azm_trigger_facts(reader);
    assert_true(facts->batch && facts->has_size);
    assert_int_equal(facts->batch_size, 50000);
    assert_int_equal(facts->link_count, AZM_LINKS_MAX);
    for (unsigned i = 0; i < AZM_LINKS_MAX; i++) { /* in order */
        assert_int_equal(facts->links[i].span_id.bytes[7], (i + 1) & 0xff);
        assert_int_equal(facts->links[i].span_id.bytes[6], (i + 1) >> 8);
    }
    azm_buf_dispose(&text);
}

static void what_is_too_long_is_left_out(void **state)
{
    (void)state;
    static char text[100000];
    memset(text, 'x', sizeof text - 1);
    const struct value bare[] = {{"MessageId", STRING, text}, {"DeadLetterSource", STRING, "orders"}};
    assert_string_equal(run("serviceBusTrigger", bare, 2, 77), "dead_letter_source=orders ");
    text[0] = text[sizeof text - 2] = '"';
    const struct value json[] = {{"MessageId", JSON, text}, {"ContentType", JSON, text}, {"DeliveryCount", JSON, "1"}};
    assert_string_equal(run("serviceBusTrigger", json, 3, 77), "delivery_count=1 ");
}

static void text_is_bounded(void **state)
{
    (void)state;
    struct azm_buf text;
    azm_buf_init(&text, 1 << 20);
    azm_buf_add_str(&text, "{\"id\":\"1\"");
    for (unsigned i = 0; i < 1000; i++) /* each of them would be kept once */
        azm_buf_addf(&text, ",\"topic\":\"%0500u\",\"eventType\":\"%0500u\",\"type\":\"%0500u\"", i, i, i);
    azm_buf_add_str(&text, "}");
    azm_buf_add_byte(&text, 0);
    const struct value value = {NULL, INPUT_JSON, text.ptr};
    run("eventGridTrigger", &value, 1, 0);
    assert_in_range(reader->used, 1000, AZM_TRIGGER_TEXT);
    assert_int_equal(azm_trigger_facts(reader)->label_count, 1);
    azm_buf_dispose(&text);
}

static void deep_values_end_somewhere(void **state)
{
    (void)state;
    static char text[3000];
    memset(text, '[', sizeof text - 1);
    const struct value deep[] = {{"ApplicationPropertiesArray", JSON, text}, {"HeadersArray", JSON, text}};
    assert_string_equal(run("serviceBusTrigger", deep, 1, 9), "batch ");
    assert_string_equal(run("kafkaTrigger", deep + 1, 1, 9), "batch ");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(triggers_tell_what_is_known_of_them),
        cmocka_unit_test(nothing_is_read_without_a_trigger),
        cmocka_unit_test(of_many_messages_a_thousand_are_looked_at),
        cmocka_unit_test(what_is_too_long_is_left_out),
        cmocka_unit_test(text_is_bounded),
        cmocka_unit_test(deep_values_end_somewhere),
    };
    reader = malloc(sizeof *reader);
    azm_buf_init(&told, 1 << 20);
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    azm_buf_dispose(&told);
    free(reader);
    return failed;
}
