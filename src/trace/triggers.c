#include "trace/triggers.h"

/* clang-format off */
#define NONE {NULL, 0}
#define T(literal) AZM_S_INIT(literal)
#define KEYS(name, ...)                                                                                                \
    static const struct azm_trigger_key name##_items[] = {__VA_ARGS__};                                                \
    static const struct azm_trigger_keys name = {name##_items, AZM_COUNT(name##_items)}

/* ONE: of a single message; a batch has it with "Array" behind it. ANY: of either. */
#define ANY(name, fact)                 {T(name), AZM_FACT_##fact, false, AZM_SHAPE_OBJECT, NONE, NONE, NULL}
#define ANY_LABEL(name, fact, label)    {T(name), AZM_FACT_##fact, false, AZM_SHAPE_OBJECT, T(label), NONE, NULL}
#define ANY_INSIDE(name, keys)          {T(name), AZM_FACT_NONE, false, AZM_SHAPE_OBJECT, NONE, NONE, &(keys)}
#define ANY_ARRAY(name, keys)           {T(name), AZM_FACT_NONE, false, AZM_SHAPE_ARRAY, NONE, NONE, &(keys)}
#define ONE(name, fact)                 {T(name), AZM_FACT_##fact, true, AZM_SHAPE_OBJECT, NONE, NONE, NULL}
#define ONE_LABEL(name, fact, label)    {T(name), AZM_FACT_##fact, true, AZM_SHAPE_OBJECT, T(label), NONE, NULL}
#define ONE_COUNT(name, label, largest) {T(name), AZM_FACT_COUNT, true, AZM_SHAPE_OBJECT, T(label), T(largest), NULL}
#define ONE_INSIDE(name, keys)          {T(name), AZM_FACT_NONE, true, AZM_SHAPE_OBJECT, NONE, NONE, &(keys)}
#define ONE_LIST(name, keys)            {T(name), AZM_FACT_NONE, true, AZM_SHAPE_LIST, NONE, NONE, &(keys)}

/* What carries a trace in a message's own properties. */
KEYS(carrier,
     ANY("traceparent", TRACEPARENT),
     ANY("Diagnostic-Id", DIAGNOSTIC_ID),
     ANY("tracestate", TRACESTATE));

KEYS(queue_keys,
     ANY_LABEL("DequeueCount", COUNT, "dequeue_count"),
     ANY("Id", MESSAGE_ID),
     ANY("InsertionTime", ENQUEUED));

KEYS(service_bus_keys,
     ONE_COUNT("DeliveryCount", "delivery_count", "max_delivery_count"),
     ONE_LABEL("DeadLetterSource", TEXT, "dead_letter_source"),
     ONE("EnqueuedTimeUtc", ENQUEUED),
     ONE("EnqueuedTime", ENQUEUED),
     ONE("MessageId", MESSAGE_ID),
     ONE("SequenceNumber", NONE),
     ONE_LABEL("ContentType", HEADER, "Content-Type"),
     ONE_LABEL("CorrelationId", HEADER, "Correlation-Id"),
     ONE_INSIDE("ApplicationProperties", carrier),
     ONE_INSIDE("UserProperties", carrier));

KEYS(partition_keys,
     ANY("EventHubName", QUEUE),
     ANY_LABEL("ConsumerGroup", TEXT, "consumer_group"),
     ANY_LABEL("PartitionId", TEXT, "partition"));
KEYS(event_hub_keys,
     ONE("EnqueuedTimeUtc", ENQUEUED),
     ONE("SequenceNumber", NONE),
     ONE_INSIDE("Properties", carrier),
     ANY_INSIDE("PartitionContext", partition_keys),
     ANY_INSIDE("TriggerPartitionContext", partition_keys));

KEYS(event_grid_input,
     ANY("id", MESSAGE_ID),
     ANY("topic", TOPIC),
     ANY("source", TOPIC),
     ANY_LABEL("eventType", TEXT, "event_type"),
     ANY_LABEL("type", TEXT, "event_type"),
     ANY("eventTime", ENQUEUED),
     ANY("time", ENQUEUED),
     ANY("traceparent", TRACEPARENT),
     ANY("tracestate", TRACESTATE));

KEYS(kafka_keys,
     ONE("Topic", QUEUE),
     ONE_LABEL("Partition", COUNT, "partition"),
     ONE("Timestamp", ENQUEUED),
     ONE("Offset", NONE),
     ONE_LIST("Headers", carrier));

KEYS(rabbit_properties, ANY_INSIDE("Headers", carrier), ANY("MessageId", MESSAGE_ID));
KEYS(rabbit_keys,
     ANY("RoutingKey", ROUTING_KEY),
     ANY_LABEL("Exchange", TEXT, "exchange"),
     ANY_LABEL("Redelivered", FLAG, "redelivered"),
     ANY_INSIDE("BasicProperties", rabbit_properties));

KEYS(timer_input, ANY_LABEL("IsPastDue", FLAG, "past_due"));
KEYS(blob_keys, ANY("BlobTrigger", BLOB));

KEYS(started_keys, ANY("TraceParent", LINK));
KEYS(history_keys, ANY_INSIDE("ParentTraceContext", started_keys));
KEYS(orchestration_input,
     ANY_ARRAY("history", history_keys),
     ANY_LABEL("instanceId", TEXT, "instance_id"),
     ANY_LABEL("parentInstanceId", TEXT, "parent_instance_id"),
     ANY_LABEL("isReplaying", FLAG, "replaying"));
KEYS(activity_keys, ANY_LABEL("instanceId", TEXT, "instance_id"));

#define IS(kind, faas) .binding = T(kind), .faas_type = T(faas)
#define REQUEST        .type = T("request")
#define MESSAGING      .type = T("messaging"), .messaging = T
static const struct azm_trigger triggers[] = {
    {IS("httpTrigger", "http"), REQUEST},
    {IS("timerTrigger", "timer"), .type = T("scheduled"), .input = &timer_input,
     .labels = {{"schedule", T("schedule")}}},
    {IS("queueTrigger", "pubsub"), MESSAGING("AzureQueue"), .service = T("storage queue"), .metadata = &queue_keys,
     .places = {"queueName"}},
    {IS("serviceBusTrigger", "pubsub"), MESSAGING("AzureServiceBus"), .service = T("service bus"),
     .metadata = &service_bus_keys, .places = {"queueName", "topicName"},
     .labels = {{"subscriptionName", T("subscription")}}},
    {IS("eventHubTrigger", "pubsub"), MESSAGING("AzureEventHub"), .service = T("event hubs"),
     .metadata = &event_hub_keys, .places = {"eventHubName", "path"}},
    {IS("eventGridTrigger", "pubsub"), MESSAGING("AzureEventGrid"), .service = T("event grid"),
     .input = &event_grid_input},
    {IS("kafkaTrigger", "pubsub"), MESSAGING("Kafka"), .metadata = &kafka_keys, .places = {"topic"},
     .labels = {{"consumerGroup", T("consumer_group")}}},
    {IS("rabbitMQTrigger", "pubsub"), MESSAGING("RabbitMQ"), .metadata = &rabbit_keys, .places = {"queueName"}},
    {IS("blobTrigger", "datasource"), REQUEST, .service = T("blob storage"), .metadata = &blob_keys,
     .places = {"path"}},
    {IS("cosmosDBTrigger", "datasource"), REQUEST, .service = T("cosmos db"),
     .places = {"containerName", "collectionName"}, .labels = {{"databaseName", T("database")}}},
    {IS("sqlTrigger", "datasource"), REQUEST, .places = {"tableName"}},
    {IS("mysqlTrigger", "datasource"), REQUEST, .places = {"tableName"}},
    {IS("redisPubSubTrigger", "datasource"), REQUEST, .places = {"channel"}},
    {IS("redisListTrigger", "datasource"), REQUEST, .places = {"key"}},
    {IS("redisStreamTrigger", "datasource"), REQUEST, .places = {"key"}},
    {IS("orchestrationTrigger", "other"), REQUEST, .durable = T("orchestration"), .input = &orchestration_input},
    {IS("activityTrigger", "other"), REQUEST, .durable = T("activity"), .metadata = &activity_keys},
    {IS("entityTrigger", "other"), REQUEST, .durable = T("entity")},
    {IS("signalRTrigger", "other"), REQUEST,
     .labels = {{"hubName", T("hub")}, {"category", T("category")}, {"event", T("event")}}},
};
static const struct azm_trigger other = {.faas_type = T("other"), REQUEST};
/* clang-format on */

const struct azm_trigger *azm_trigger_of(azm_slice binding_type)
{
    for (size_t i = 0; i < AZM_COUNT(triggers); i++)
        if (azm_slice_eq_nocase(triggers[i].binding, binding_type))
            return &triggers[i];
    return &other;
}

bool azm_trigger_is_http(const struct azm_trigger *trigger)
{
    return trigger == &triggers[0];
}

bool azm_trigger_is_blob(const struct azm_trigger *trigger)
{
    return trigger->metadata == &blob_keys;
}

/* Most keys differ in length: that is looked at first. */
static bool is(azm_slice name, azm_slice other_name)
{
    return name.len == other_name.len && azm_slice_eq_nocase(name, other_name);
}

const struct azm_trigger_key *azm_trigger_key_of(const struct azm_trigger_keys *keys, azm_slice name, bool *batch)
{
    static const azm_slice suffix = AZM_S_INIT("Array");
    bool array = name.len > suffix.len && azm_slice_ends_nocase(name, suffix);
    azm_slice stem = azm_slice_take(name, array ? name.len - suffix.len : 0);
    *batch = false;
    for (size_t i = 0; i < keys->count; i++)
        if (is(keys->items[i].name, name))
            return &keys->items[i];
    for (size_t i = 0; i < keys->count && array; i++)
        if (keys->items[i].single && is(keys->items[i].name, stem)) {
            *batch = true;
            return &keys->items[i];
        }
    return NULL;
}
