/* What the trigger of an invocation tells, read while it passes: values of trigger metadata and of the input, of which
 * trace/triggers.h names the keys. A text of any length goes through a scanner; what is kept has its place here, so
 * memory does not depend on what is sent. Whatever has not the form of what it is taken for is left out. */
#pragma once

#include "json/scan.h"
#include "trace/traceparent.h"
#include "trace/triggers.h"

#define AZM_LINKS_MAX         1000u /* messages of a batch that are looked at: Elastic's specification for messaging */
#define AZM_TRIGGER_PAIRS     8u    /* labels, and headers, of one invocation */
#define AZM_TRIGGER_TEXT      4096u
#define AZM_TRIGGER_DEPTH_MAX 6u

struct azm_trigger_facts {
    const struct azm_trigger *trigger;
    bool batch;       /* several messages, or one that was delivered as several are */
    bool has_size;    /* batch_size is known: all messages were there to be counted */
    bool has_context; /* the one message's own */
    bool has_enqueued;
    uint64_t batch_size;
    int64_t enqueued_us; /* since 1970 UTC */
    struct azm_trace_context context;
    azm_slice tracestate;                                       /* beside context */
    azm_slice message_id, routing_key, queue, topic, container; /* ptr NULL: not told */
    struct azm_pair labels[AZM_TRIGGER_PAIRS], headers[AZM_TRIGGER_PAIRS];
    size_t label_count, header_count;  /* secrets are not yet redacted */
    const struct azm_span_link *links; /* one for each of a batch's contexts, in order of the messages, none twice */
    size_t link_count;
};

struct azm_trigger_reader {
    const struct azm_trigger *trigger; /* NULL: nothing is read */
    bool single, several, in_batch;    /* seen so far, of the invocation; and of this value */
    bool bare, broken;                 /* the value is no JSON; it makes no sense */
    bool read_bag;                     /* the messages' own properties have been read, to their end */
    unsigned inputs;
    const struct azm_trigger_key *key, *member, *pair;
    struct azm_trigger_key input;  /* stands for the input */
    unsigned depth, skipped, base; /* open containers, of them not looked into; those around one message */
    struct azm_trigger_level {
        const struct azm_trigger_keys *keys;
        enum azm_shape shape; /* of an array's elements; of an object PAIR, or its members are the keys */
        bool object;
    } level[AZM_TRIGGER_DEPTH_MAX + 1];
    uint64_t elements, largest;
    bool has_largest, has_parent, has_diagnostic;
    struct azm_trace_context parent, diagnostic; /* of the message that is being read */
    struct azm_json_scan scan;
    struct azm_trigger_facts facts;
    size_t used, link_count;
    char text[AZM_TRIGGER_TEXT];
    uint16_t seen[2048]; /* hash table over links: index + 1 */
    struct azm_span_link links[AZM_LINKS_MAX];
};

/* A new invocation; NULL, or a trigger of which nothing is read: all calls below cost nothing. */
void azm_trigger_begin(struct azm_trigger_reader *reader, const struct azm_trigger *trigger);

/* The next value is that of trigger metadata's entry `key` (of the trigger's input). False: it is not wanted, and must
 * not be given. */
bool azm_trigger_wants(struct azm_trigger_reader *reader, azm_slice key);
bool azm_trigger_wants_input(struct azm_trigger_reader *reader);
/* A parameter of the function begins: the first one is the trigger's. */
void azm_trigger_parameter(struct azm_trigger_reader *reader);

/* A wanted value: a text in pieces (json: as JSON; a bare text may hold JSON too, where an object is expected), or a
 * number. element: one of several texts of a batch. */
void azm_trigger_value_begin(struct azm_trigger_reader *reader, bool json, bool element);
void azm_trigger_value_piece(struct azm_trigger_reader *reader, azm_slice bytes);
void azm_trigger_value_end(struct azm_trigger_reader *reader);
void azm_trigger_value_number(struct azm_trigger_reader *reader, int64_t value);

/* When all is read. NULL: nothing was to be read. Valid until the next _begin. */
const struct azm_trigger_facts *azm_trigger_facts(struct azm_trigger_reader *reader);
