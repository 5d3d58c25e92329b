#include "tap/trigger_read.h"

#include "base/base64.h"
#include "base/hash.h"
#include "base/time.h"
#include "trace/tracestate.h"

void azm_trigger_begin(struct azm_trigger_reader *reader, const struct azm_trigger *trigger)
{
    reader->trigger = trigger && (trigger->metadata || trigger->input) ? trigger : NULL;
    if (!reader->trigger)
        return;
    memset(reader, 0, offsetof(struct azm_trigger_reader, scan));
    reader->trigger = trigger;
    reader->facts = (struct azm_trigger_facts){.trigger = trigger};
    reader->used = reader->link_count = 0;
}

/* --- places for what is told --- */

static azm_slice keep(struct azm_trigger_reader *reader, azm_slice text)
{
    char *at = reader->text + reader->used;
    if (text.len > sizeof reader->text - reader->used)
        return (azm_slice){NULL, 0};
    memcpy(at, text.ptr, text.len);
    reader->used += text.len;
    return (azm_slice){at, text.len};
}

static void keep_once(struct azm_trigger_reader *reader, azm_slice *place, azm_slice text)
{
    if (!place->ptr && text.len)
        *place = keep(reader, text);
}

/* Of one name the first. */
static void keep_pair(struct azm_trigger_reader *reader, struct azm_pair *pairs, size_t *count, azm_slice key,
                      azm_slice value)
{
    for (size_t i = 0; i < *count; i++)
        if (azm_slice_eq_nocase(pairs[i].key, key))
            return;
    if (*count == AZM_TRIGGER_PAIRS || !value.len)
        return;
    value = keep(reader, value);
    if (value.ptr)
        pairs[(*count)++] = (struct azm_pair){key, value};
}

static void keep_label(struct azm_trigger_reader *reader, azm_slice key, azm_slice value)
{
    keep_pair(reader, reader->facts.labels, &reader->facts.label_count, key, value);
}

static void keep_header(struct azm_trigger_reader *reader, azm_slice key, azm_slice value)
{
    if (!reader->in_batch)
        keep_pair(reader, reader->facts.headers, &reader->facts.header_count, key, value);
}

static void keep_link(struct azm_trigger_reader *reader, const struct azm_trace_context *context)
{
    struct azm_span_link link = {context->trace_id, context->parent_id};
    if (reader->link_count == AZM_LINKS_MAX)
        return;
    if (!reader->link_count)
        memset(reader->seen, 0, sizeof reader->seen);
    size_t at = (size_t)azm_hash(azm_slice_of(&link, sizeof link), 0) % AZM_COUNT(reader->seen);
    for (; reader->seen[at]; at = (at + 1) % AZM_COUNT(reader->seen))
        if (memcmp(&reader->links[reader->seen[at] - 1], &link, sizeof link) == 0)
            return;
    reader->links[reader->link_count++] = link;
    reader->seen[at] = (uint16_t)reader->link_count;
}

/* --- values --- */

/* As it stands, or in base64: Kafka and RabbitMQ have bytes for the values of headers. */
static bool read_context(azm_slice text, struct azm_trace_context *out)
{
    char plain[AZM_JSON_SCAN_TEXT];
    size_t len = 0;
    if (azm_traceparent_parse(text, out))
        return true;
    return azm_base64_decode(text, plain, &len) == AZM_OK && azm_traceparent_parse((azm_slice){plain, len}, out);
}

static bool is_tracestate(azm_slice text)
{
    const struct azm_pair header = {AZM_S("tracestate"), text};
    struct azm_tracestate state = azm_tracestate_of_headers((struct azm_pairs){&header, 1});
    return state.present && state.valid;
}

static void keep_tracestate(struct azm_trigger_reader *reader, const struct azm_trigger_key *key, azm_slice text)
{
    char plain[AZM_JSON_SCAN_TEXT];
    size_t len = 0;
    if (reader->in_batch)
        return;
    if (!is_tracestate(text)) {
        if (azm_base64_decode(text, plain, &len) != AZM_OK)
            return;
        text = (azm_slice){plain, len};
    }
    if (!is_tracestate(text))
        return;
    keep_header(reader, key->name, text);
    keep_once(reader, &reader->facts.tracestate, text);
}

static void keep_context(struct azm_trigger_reader *reader, const struct azm_trigger_key *key, azm_slice text)
{
    bool first = key->fact == AZM_FACT_TRACEPARENT;
    struct azm_trace_context *context = first ? &reader->parent : &reader->diagnostic;
    char plain[AZM_TRACEPARENT_LEN];
    if (!read_context(text, context))
        return;
    *(first ? &reader->has_parent : &reader->has_diagnostic) = true;
    if (reader->in_batch)
        return;
    azm_traceparent_format(context, plain);
    keep_header(reader, key->name, (azm_slice){plain, sizeof plain});
}

static void keep_enqueued(struct azm_trigger_reader *reader, azm_slice text)
{
    int64_t time_us;
    if (azm_time_parse(text, &time_us) != AZM_OK || time_us <= 0) /* 1970, the year 1: not set */
        return;
    reader->facts.has_enqueued = true;
    reader->facts.enqueued_us = time_us;
}

static void keep_flag(struct azm_trigger_reader *reader, azm_slice label, azm_slice text)
{
    if (azm_slice_eq_nocase(text, AZM_S("true")))
        keep_label(reader, label, AZM_S("true"));
    else if (azm_slice_eq_nocase(text, AZM_S("false")))
        keep_label(reader, label, AZM_S("false"));
}

static void keep_largest(struct azm_trigger_reader *reader, azm_slice text)
{
    uint64_t count;
    if (azm_slice_to_u64(text, &count) != AZM_OK)
        return;
    reader->has_largest = true;
    reader->largest = count > reader->largest ? count : reader->largest;
}

static void keep_link_text(struct azm_trigger_reader *reader, azm_slice text)
{
    struct azm_trace_context context;
    if (azm_traceparent_parse(text, &context))
        keep_link(reader, &context);
}

static void keep_count(struct azm_trigger_reader *reader, azm_slice label, azm_slice text)
{
    uint64_t count;
    if (azm_slice_to_u64(text, &count) == AZM_OK)
        keep_label(reader, label, text);
}

/* text: of a string, or a number or word of JSON. Of a batch's messages only what carries a trace is wanted. */
static void apply(struct azm_trigger_reader *reader, const struct azm_trigger_key *key, azm_slice text, bool string)
{
    struct azm_trigger_facts *facts = &reader->facts;
    switch (key->fact) {
    case AZM_FACT_TRACEPARENT:
    case AZM_FACT_DIAGNOSTIC_ID: keep_context(reader, key, text); return;
    case AZM_FACT_TRACESTATE: keep_tracestate(reader, key, text); return;
    case AZM_FACT_LINK: keep_link_text(reader, text); return;
    case AZM_FACT_COUNT:
        if (reader->in_batch)
            keep_largest(reader, text);
        else
            keep_count(reader, key->label, text);
        return;
    case AZM_FACT_NONE:
    case AZM_FACT_FLAG:
    case AZM_FACT_TEXT:
    case AZM_FACT_HEADER:
    case AZM_FACT_ENQUEUED:
    case AZM_FACT_MESSAGE_ID:
    case AZM_FACT_ROUTING_KEY:
    case AZM_FACT_QUEUE:
    case AZM_FACT_TOPIC:
    case AZM_FACT_BLOB: break;
    }
    if (reader->in_batch)
        return;
    if (key->fact == AZM_FACT_FLAG)
        keep_flag(reader, key->label, text);
    else if (!string)
        return;
    else if (key->fact == AZM_FACT_TEXT)
        keep_label(reader, key->label, text);
    else if (key->fact == AZM_FACT_HEADER)
        keep_header(reader, key->label, text);
    else if (key->fact == AZM_FACT_ENQUEUED)
        keep_enqueued(reader, text);
    else if (key->fact == AZM_FACT_MESSAGE_ID)
        keep_once(reader, &facts->message_id, text);
    else if (key->fact == AZM_FACT_ROUTING_KEY)
        keep_once(reader, &facts->routing_key, text);
    else if (key->fact == AZM_FACT_QUEUE)
        keep_once(reader, &facts->queue, text);
    else if (key->fact == AZM_FACT_TOPIC)
        keep_once(reader, &facts->topic, text);
    else if (key->fact == AZM_FACT_BLOB)
        keep_once(reader, &facts->container, azm_slice_take(text, azm_slice_find(text, '/')));
}

/* --- JSON --- */

/* A message is complete. */
static void element_end(struct azm_trigger_reader *reader)
{
    const struct azm_trace_context *context = reader->has_parent       ? &reader->parent
                                              : reader->has_diagnostic ? &reader->diagnostic
                                                                       : NULL;
    reader->has_parent = reader->has_diagnostic = false;
    if (!context)
        return;
    if (reader->in_batch) {
        keep_link(reader, context);
    } else if (!reader->facts.has_context) {
        reader->facts.has_context = true;
        reader->facts.context = *context;
    }
}

static bool at_element(const struct azm_trigger_reader *reader)
{
    return reader->depth == reader->base && !reader->skipped;
}

static void value_begins(struct azm_trigger_reader *reader)
{
    if (at_element(reader))
        reader->elements++;
}

static void value_ends(struct azm_trigger_reader *reader)
{
    if (at_element(reader))
        element_end(reader);
}

/* Beyond so many messages nothing is looked at; they are only counted. */
static bool looks_away(const struct azm_trigger_reader *reader)
{
    return reader->in_batch && reader->elements > AZM_LINKS_MAX;
}

/* How a container is to be read. False: it is of no interest, or has not the shape it should have. */
static bool level_of(const struct azm_trigger_reader *reader, bool object, struct azm_trigger_level *out)
{
    const struct azm_trigger_level *around = &reader->level[reader->depth];
    const struct azm_trigger_key *key = reader->depth ? reader->member : reader->key;
    *out = (struct azm_trigger_level){.object = object};
    if (reader->depth && !around->object) {
        out->keys = around->keys;
        out->shape = around->shape;
    } else if (key) {
        out->keys = key->inside;
        out->shape = key->shape;
    }
    if (reader->depth < reader->base) /* the array around a batch's messages */
        return !object;
    switch (out->shape) {
    case AZM_SHAPE_OBJECT:
    case AZM_SHAPE_PAIR: return object && out->keys;
    case AZM_SHAPE_ARRAY: out->shape = AZM_SHAPE_OBJECT; break;
    case AZM_SHAPE_LIST: out->shape = AZM_SHAPE_PAIR; break;
    }
    return !object && out->keys;
}

static void open(struct azm_trigger_reader *reader, bool object)
{
    struct azm_trigger_level level;
    if (!object && reader->key == &reader->input && reader->depth + reader->skipped == 0 && !reader->in_batch) {
        reader->in_batch = reader->several = true; /* events by the array */
        reader->base = 1;
    }
    value_begins(reader);
    if (reader->skipped || reader->depth == AZM_TRIGGER_DEPTH_MAX || looks_away(reader) ||
        !level_of(reader, object, &level)) {
        reader->skipped++;
        return;
    }
    reader->level[++reader->depth] = level;
    reader->member = reader->pair = NULL;
}

static void close(struct azm_trigger_reader *reader)
{
    if (reader->skipped)
        reader->skipped--;
    else
        reader->depth--;
    reader->member = NULL;
    value_ends(reader);
}

/* Stands for "Key" of a pair. */
static const struct azm_trigger_key pair_name;

static void on_key(struct azm_trigger_reader *reader, azm_slice text, bool whole)
{
    const struct azm_trigger_level *level = &reader->level[reader->depth];
    bool batch;
    if (!whole)
        reader->member = NULL;
    else if (level->shape != AZM_SHAPE_PAIR)
        reader->member = azm_trigger_key_of(level->keys, text, &batch);
    else
        reader->member = azm_slice_eq_nocase(text, AZM_S("Key"))     ? &pair_name
                         : azm_slice_eq_nocase(text, AZM_S("Value")) ? reader->pair
                                                                     : NULL;
}

static void on_scalar(struct azm_trigger_reader *reader, azm_slice text, bool string, bool whole)
{
    const struct azm_trigger_level *level = &reader->level[reader->depth];
    const struct azm_trigger_key *member = reader->member;
    bool batch;
    value_begins(reader);
    reader->member = NULL;
    if (reader->depth && level->object) {
        if (member == &pair_name)
            reader->pair = whole ? azm_trigger_key_of(level->keys, text, &batch) : NULL;
        else if (member && whole)
            apply(reader, member, text, string);
    } else if (at_element(reader) && whole) {
        apply(reader, reader->key, text, string);
    }
    value_ends(reader);
}

static void on_part(void *self, enum azm_json_part part, azm_slice text, bool whole)
{
    struct azm_trigger_reader *reader = self;
    switch (part) {
    case AZM_JSON_OBJECT:
    case AZM_JSON_ARRAY: open(reader, part == AZM_JSON_OBJECT); return;
    case AZM_JSON_OBJECT_END:
    case AZM_JSON_ARRAY_END: close(reader); return;
    case AZM_JSON_KEY:
        if (!reader->skipped)
            on_key(reader, text, whole);
        return;
    case AZM_JSON_STRING:
    case AZM_JSON_WORD:
        if (!reader->skipped)
            on_scalar(reader, text, part == AZM_JSON_STRING, whole);
        return;
    case AZM_JSON_PIECE: return;
    }
}

/* --- a value --- */

bool azm_trigger_wants(struct azm_trigger_reader *reader, azm_slice key)
{
    if (!reader->trigger || !reader->trigger->metadata)
        return false;
    reader->key = azm_trigger_key_of(reader->trigger->metadata, key, &reader->in_batch);
    if (!reader->key)
        return false;
    reader->several |= reader->in_batch;
    reader->single |= reader->key->single && !reader->in_batch;
    if (reader->key->single && reader->key->inside && reader->read_bag) /* Service Bus has them under two names */
        return false;
    if (reader->in_batch)
        return reader->key->inside || reader->key->batch_label.ptr;
    return reader->key->inside || reader->key->fact != AZM_FACT_NONE;
}

void azm_trigger_parameter(struct azm_trigger_reader *reader)
{
    reader->inputs++;
    reader->elements = 0;
}

bool azm_trigger_wants_input(struct azm_trigger_reader *reader)
{
    if (!reader->trigger || !reader->trigger->input || reader->inputs != 1)
        return false;
    reader->input = (struct azm_trigger_key){.inside = reader->trigger->input};
    reader->key = &reader->input;
    reader->in_batch = false;
    return true;
}

void azm_trigger_value_begin(struct azm_trigger_reader *reader, bool json, bool element)
{
    reader->bare = !json && !reader->key->inside;
    reader->broken = false;
    if (element)
        reader->in_batch = reader->several = true;
    reader->base = reader->in_batch && !element ? 1 : 0;
    reader->depth = reader->skipped = 0;
    reader->elements = element ? reader->elements : 0;
    reader->member = reader->pair = NULL;
    reader->has_parent = reader->has_diagnostic = false;
    reader->has_largest = false;
    reader->largest = 0;
    azm_json_scan_begin(&reader->scan, on_part, reader);
    if (reader->bare) { /* the scanner's place for texts is free then */
        reader->scan.used = 0;
        reader->scan.whole = true;
    }
}

static void add_bare(struct azm_json_scan *scan, azm_slice bytes)
{
    azm_slice part = azm_slice_take(bytes, sizeof scan->text - scan->used);
    memcpy(scan->text + scan->used, part.ptr, part.len);
    scan->used = (uint16_t)(scan->used + part.len);
    scan->whole = scan->whole && part.len == bytes.len;
}

void azm_trigger_value_piece(struct azm_trigger_reader *reader, azm_slice bytes)
{
    if (reader->bare)
        add_bare(&reader->scan, bytes);
    else if (!reader->broken)
        reader->broken = azm_json_scan_feed(&reader->scan, bytes) != AZM_OK;
}

static void keep_number(struct azm_trigger_reader *reader, azm_slice label, uint64_t number)
{
    char text[24];
    struct azm_buf out;
    azm_buf_init_fixed(&out, text, sizeof text);
    azm_buf_addf(&out, "%llu", (unsigned long long)number);
    keep_label(reader, label, azm_buf_slice(&out));
}

void azm_trigger_value_end(struct azm_trigger_reader *reader)
{
    if (reader->bare) {
        if (reader->scan.whole && !reader->in_batch)
            apply(reader, reader->key, (azm_slice){reader->scan.text, reader->scan.used}, true);
        return;
    }
    if (reader->broken || azm_json_scan_end(&reader->scan) != AZM_OK)
        return;
    reader->read_bag |= reader->key->single && reader->key->inside && reader->elements;
    if (!reader->in_batch)
        return;
    if (reader->has_largest && reader->key->fact == AZM_FACT_COUNT)
        keep_number(reader, reader->key->batch_label, reader->largest);
    if (reader->key->inside && reader->base &&
        reader->elements) { /* a host leaves empty texts out, so these cannot be counted */
        reader->facts.has_size = true;
        reader->facts.batch_size = reader->elements;
    }
}

void azm_trigger_value_number(struct azm_trigger_reader *reader, int64_t value)
{
    if (value >= 0 && reader->key->fact == AZM_FACT_COUNT && !reader->in_batch)
        keep_number(reader, reader->key->label, (uint64_t)value);
}

const struct azm_trigger_facts *azm_trigger_facts(struct azm_trigger_reader *reader)
{
    struct azm_trigger_facts *facts = &reader->facts;
    if (!reader->trigger)
        return NULL;
    /* Members of a message's body may stand beside the extension's own keys, and may be called anything: where one
     * message is told of there is no batch. */
    facts->batch = reader->several && !reader->single;
    facts->links = reader->links;
    facts->link_count = reader->several && !facts->batch ? 0 : reader->link_count;
    return facts;
}
