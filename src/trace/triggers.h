/* The triggers of Azure Functions, one row each: how an invocation is classed, what its binding and its messages may
 * tell, and under which names. A trigger that has no row is "other". A new trigger is a new row.
 * Sources: S2 (type, faas.trigger.type); for what S2 leaves open Elastic's specifications for messaging and AWS Lambda;
 * keys as the public extensions of the Functions host write them. */
#pragma once

#include "base/slice.h"

/* What a value is taken for. A value that has not the form of it is left out. */
enum azm_fact {
    AZM_FACT_NONE, /* nothing: only for what is inside, or to tell a single message from a batch */
    AZM_FACT_COUNT,
    AZM_FACT_FLAG,
    AZM_FACT_TEXT,   /* these three under the label's name */
    AZM_FACT_HEADER, /* of the message, under the label's name too */
    AZM_FACT_ENQUEUED,
    AZM_FACT_MESSAGE_ID,
    AZM_FACT_ROUTING_KEY,
    AZM_FACT_QUEUE, /* queue, hub or topic, where the binding does not tell */
    AZM_FACT_TOPIC, /* resource id of an Event Grid topic, or a CloudEvent's source */
    AZM_FACT_BLOB,  /* "container/name"; only the container is kept */
    AZM_FACT_TRACEPARENT,
    AZM_FACT_DIAGNOSTIC_ID, /* a traceparent too; the one above comes first */
    AZM_FACT_TRACESTATE,
    AZM_FACT_LINK, /* a traceparent of something that is no message */
};

/* Of a value that has others inside. One of another shape is passed over. */
enum azm_shape {
    AZM_SHAPE_OBJECT,
    AZM_SHAPE_ARRAY, /* of objects */
    AZM_SHAPE_LIST,  /* of {Key, Value}: what is inside stands for the keys in them */
    AZM_SHAPE_PAIR,  /* one of those */
};

struct azm_trigger_keys;

/* A key of trigger metadata or a member of JSON; compared without case. Everything that has no line here is passed over
 * unread. */
struct azm_trigger_key {
    azm_slice name;
    enum azm_fact fact;
    bool single; /* stands for one message; for a batch its name ends with "Array" and there is one for each message */
    enum azm_shape shape;
    azm_slice label, batch_label;
    const struct azm_trigger_keys *inside;
};

struct azm_trigger_keys {
    const struct azm_trigger_key *items;
    size_t count;
};

#define AZM_TRIGGER_PLACES 2u
#define AZM_TRIGGER_LABELS 3u

struct azm_trigger {
    azm_slice binding;   /* the binding's type, "httpTrigger"; compared without case */
    azm_slice faas_type; /* faas.trigger.type: http, pubsub, datasource, timer, other */
    azm_slice type;      /* of the transaction */
    azm_slice messaging; /* "AzureQueue", for "AzureQueue RECEIVE from orders"; ptr NULL: the function's name serves */
    azm_slice service; /* of Azure, that the trigger listens to: cloud.origin.service.name; ptr NULL: may be anywhere */
    azm_slice durable; /* label: orchestration, activity or entity; else ptr NULL */
    /* Members of the binding: the place that is listened to, by the first that is there, */
    const char *places[AZM_TRIGGER_PLACES];
    /* and labels. */
    struct {
        const char *member;
        azm_slice label;
    } labels[AZM_TRIGGER_LABELS];
    const struct azm_trigger_keys *metadata; /* NULL: nothing of it is read */
    const struct azm_trigger_keys *input;    /* of the message, where it is JSON; NULL: it is not read */
};

/* Never NULL: what is not known is "other". */
const struct azm_trigger *azm_trigger_of(azm_slice binding_type);
bool azm_trigger_is_http(const struct azm_trigger *trigger);
/* Topics of Service Bus, blobs: what else than a plain name the place is. */
bool azm_trigger_is_blob(const struct azm_trigger *trigger);

/* The key of that name; NULL: not of interest. *batch: it is the one of a batch ("SequenceNumberArray"). */
const struct azm_trigger_key *azm_trigger_key_of(const struct azm_trigger_keys *keys, azm_slice name, bool *batch);
