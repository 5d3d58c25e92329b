#include "trace/names.h"

#define REQUEST   AZM_S_INIT("request")
#define MESSAGING AZM_S_INIT("messaging")
#define NONE                                                                                                           \
    {                                                                                                                  \
        NULL, 0                                                                                                        \
    }

/* clang-format off: a table */
static const struct azm_trigger triggers[] = {
    {AZM_S_INIT("httpTrigger"), AZM_S_INIT("http"), REQUEST, NONE},
    {AZM_S_INIT("timerTrigger"), AZM_S_INIT("timer"), AZM_S_INIT("scheduled"), NONE},
    {AZM_S_INIT("queueTrigger"), AZM_S_INIT("pubsub"), MESSAGING, AZM_S_INIT("AzureQueue")},
    {AZM_S_INIT("serviceBusTrigger"), AZM_S_INIT("pubsub"), MESSAGING, AZM_S_INIT("AzureServiceBus")},
    {AZM_S_INIT("eventHubTrigger"), AZM_S_INIT("pubsub"), MESSAGING, AZM_S_INIT("AzureEventHub")},
    {AZM_S_INIT("eventGridTrigger"), AZM_S_INIT("pubsub"), MESSAGING, AZM_S_INIT("AzureEventGrid")},
    {AZM_S_INIT("kafkaTrigger"), AZM_S_INIT("pubsub"), MESSAGING, AZM_S_INIT("Kafka")},
    {AZM_S_INIT("rabbitMQTrigger"), AZM_S_INIT("pubsub"), MESSAGING, AZM_S_INIT("RabbitMQ")},
    {AZM_S_INIT("blobTrigger"), AZM_S_INIT("datasource"), REQUEST, NONE},
    {AZM_S_INIT("cosmosDBTrigger"), AZM_S_INIT("datasource"), REQUEST, NONE},
    {AZM_S_INIT("sqlTrigger"), AZM_S_INIT("datasource"), REQUEST, NONE},
    {AZM_S_INIT("mysqlTrigger"), AZM_S_INIT("datasource"), REQUEST, NONE},
    {AZM_S_INIT("redisPubSubTrigger"), AZM_S_INIT("datasource"), REQUEST, NONE},
    {AZM_S_INIT("redisListTrigger"), AZM_S_INIT("datasource"), REQUEST, NONE},
    {AZM_S_INIT("redisStreamTrigger"), AZM_S_INIT("datasource"), REQUEST, NONE},
};
/* clang-format on */
static const struct azm_trigger other = {NONE, AZM_S_INIT("other"), REQUEST, NONE};

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

static azm_slice without_slashes(azm_slice s)
{
    while (s.len && s.ptr[0] == '/')
        s = azm_slice_drop(s, 1);
    while (s.len && s.ptr[s.len - 1] == '/')
        s.len--;
    return s;
}

void azm_name_method(struct azm_buf *out, azm_slice method)
{
    for (size_t i = 0; i < method.len; i++) {
        char c = method.ptr[i];
        azm_buf_add_byte(out, (uint8_t)(c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c));
    }
    if (method.len)
        azm_buf_add_byte(out, ' ');
}

void azm_name_http(struct azm_buf *out, azm_slice method, azm_slice prefix, azm_slice route)
{
    prefix = without_slashes(prefix);
    route = without_slashes(route);
    azm_name_method(out, method);
    azm_buf_add_byte(out, '/');
    azm_buf_add(out, prefix);
    if (prefix.len && route.len)
        azm_buf_add_byte(out, '/');
    azm_buf_add(out, route);
}

void azm_name_other(struct azm_buf *out, const struct azm_trigger *trigger, azm_slice queue, azm_slice function)
{
    if (!trigger->messaging.ptr || !queue.len) {
        azm_buf_add(out, function);
        return;
    }
    azm_buf_add(out, trigger->messaging);
    azm_buf_add(out, AZM_S(" RECEIVE from "));
    azm_buf_add(out, queue);
}

enum azm_outcome azm_outcome_of(bool failed, unsigned status_code)
{
    return failed || status_code >= 500 ? AZM_OUTCOME_FAILURE : AZM_OUTCOME_SUCCESS;
}

azm_slice azm_result_of(bool failed, unsigned status_code)
{
    static const azm_slice classes[] = {AZM_S_INIT("HTTP 1xx"), AZM_S_INIT("HTTP 2xx"), AZM_S_INIT("HTTP 3xx"),
                                        AZM_S_INIT("HTTP 4xx"), AZM_S_INIT("HTTP 5xx"), AZM_S_INIT("HTTP 6xx"),
                                        AZM_S_INIT("HTTP 7xx"), AZM_S_INIT("HTTP 8xx"), AZM_S_INIT("HTTP 9xx")};
    if (status_code >= 100 && status_code < 1000)
        return classes[status_code / 100 - 1];
    return failed ? AZM_S("failure") : AZM_S("success");
}
