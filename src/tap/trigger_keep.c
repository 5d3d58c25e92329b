#include "tap/trigger_keep.h"

#include <inttypes.h>
#include <stdio.h>

#include "tap/keep_field.h"

static azm_slice keep(struct azm_invocation *invocation, azm_slice text)
{
    return text.len ? azm_invocation_keep(invocation, text) : (azm_slice){NULL, 0};
}

void azm_trigger_keep(struct azm_session *session, struct azm_invocation *invocation,
                      const struct azm_trigger_facts *facts)
{
    invocation->links = azm_links_keep(&session->invocations.links, facts->links, facts->link_count);
    if (!facts->batch)
        invocation->message_id = keep(invocation, facts->message_id);
    if (!invocation->sampled) /* all below is context, which goes with a sampled transaction only */
        return;
    invocation->has_batch_size = facts->batch && facts->has_size;
    invocation->batch_size = facts->batch_size;
    if (!facts->batch) {
        invocation->routing_key = keep(invocation, facts->routing_key);
        invocation->has_age = facts->has_enqueued;
        if (facts->has_enqueued && invocation->wall_us > facts->enqueued_us)
            invocation->age_ms = (uint64_t)(invocation->wall_us - facts->enqueued_us) / 1000;
        invocation->container = keep(invocation, facts->container);
        if (facts->topic.len)
            invocation->topic = azm_keep_url(invocation, facts->topic);
        if (session->settings.capture_headers)
            azm_keep_fields(&session->header_names, invocation, &invocation->message_headers,
                            (struct azm_pairs){facts->headers, facts->header_count});
    }
    invocation->queue = keep(invocation, facts->queue);
    azm_keep_fields(&session->header_names, invocation, &invocation->labels,
                    (struct azm_pairs){facts->labels, facts->label_count});
}

/* --- the transaction --- */

static void add_label(struct azm_trigger_parts *parts, struct azm_pairs *labels, azm_slice key, azm_slice value)
{
    for (size_t i = 0; i < labels->count; i++)
        if (azm_slice_eq(labels->items[i].key, key))
            return;
    if (value.len && labels->count < AZM_COUNT(parts->labels))
        parts->labels[labels->count++] = (struct azm_pair){key, value};
}

static void add_number(struct azm_trigger_parts *parts, unsigned place, struct azm_pairs *labels, azm_slice key,
                       int64_t value)
{
    int len = snprintf(parts->numbers[place], sizeof parts->numbers[place], "%" PRId64, value);
    add_label(parts, labels, key, (azm_slice){parts->numbers[place], (size_t)len});
}

static void tell_labels(const struct azm_invocation *invocation, const struct azm_function *function,
                        struct azm_trigger_parts *parts, struct azm_pairs *labels)
{
    const struct azm_trigger *trigger = function->trigger;
    labels->items = parts->labels;
    labels->count = azm_invocation_headers(invocation, &invocation->labels, parts->labels, AZM_TRIGGER_PAIRS);
    for (size_t i = 0; i < AZM_TRIGGER_LABELS && trigger; i++)
        add_label(parts, labels, trigger->labels[i].label, function->binding_labels[i]);
    if (trigger)
        add_label(parts, labels, AZM_S("durable"), trigger->durable);
    if (invocation->has_batch_size)
        add_number(parts, 0, labels, AZM_S("batch_size"), (int64_t)invocation->batch_size);
    if (invocation->has_retry) {
        add_number(parts, 1, labels, AZM_S("retry_count"), (int64_t)invocation->retry_count);
        add_number(parts, 2, labels, AZM_S("max_retry_count"), invocation->max_retry_count);
    }
}

/* "/subscriptions/<id>/.../topics/<name>": a resource of Azure. Other sources are any URI. */
static void tell_topic(azm_slice topic, struct azm_origin *origin)
{
    static const azm_slice begin = AZM_S_INIT("/subscriptions/");
    origin->id = topic;
    if (!azm_slice_starts_nocase(topic, begin))
        return;
    azm_slice rest = azm_slice_drop(topic, begin.len);
    azm_slice subscription = azm_slice_take(rest, azm_slice_find(rest, '/'));
    if (subscription.len && subscription.len < rest.len) {
        origin->cloud_account_id = subscription;
        origin->name = azm_slice_drop(topic, azm_slice_rfind(topic, '/') + 1);
    }
}

static azm_slice known(azm_slice text)
{
    return text.len ? text : (azm_slice){NULL, 0};
}

static void tell_origin(const struct azm_invocation *invocation, const struct azm_function *function, azm_slice queue,
                        struct azm_origin *origin)
{
    if (function->trigger->service.ptr) {
        origin->cloud_provider = AZM_S("azure");
        origin->cloud_service = function->trigger->service;
    }
    origin->name = known(queue);
    if (invocation->topic.len)
        tell_topic(invocation->topic, origin);
    origin->id = known(origin->id);
    origin->name = known(origin->name);
}

void azm_trigger_tell(struct azm_session *session, const struct azm_invocation *invocation,
                      const struct azm_function *function, struct azm_trigger_parts *parts,
                      struct azm_transaction *transaction)
{
    const struct azm_trigger *trigger = function->trigger;
    bool web = !trigger || azm_trigger_is_http(trigger);
    if (!web || invocation->has_retry)
        tell_labels(invocation, function, parts, &transaction->labels);
    if (web)
        return;
    azm_slice queue = function->queue.len ? function->queue : invocation->queue;
    if (azm_trigger_is_blob(trigger) && invocation->container.len) /* what the message says is no pattern */
        queue = invocation->container;
    if (!azm_slice_eq(trigger->faas_type, AZM_S("other")) && !azm_slice_eq(trigger->faas_type, AZM_S("timer")))
        tell_origin(invocation, function, queue, &transaction->origin);
    if (trigger->messaging.ptr) {
        struct azm_message_context *message = &transaction->message;
        message->queue = known(queue.len ? queue : transaction->origin.name);
        message->has_age = invocation->has_age ? AZM_TRUE : AZM_UNSET;
        message->age_ms = invocation->age_ms;
        message->routing_key = known(invocation->routing_key);
        message->headers.items = parts->headers;
        message->headers.count =
            azm_invocation_headers(invocation, &invocation->message_headers, parts->headers, AZM_COUNT(parts->headers));
        transaction->faas.trigger_request_id = known(invocation->message_id);
    }
    if (invocation->links)
        transaction->links =
            azm_links_get(&session->invocations.links, invocation->links, invocation->link, &transaction->link_count);
}
