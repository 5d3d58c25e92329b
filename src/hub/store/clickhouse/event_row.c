#include "hub/store/clickhouse/event_row.h"

#include "hub/store/clickhouse/tables.h"
#include "hub/store/histogram.h"
#include "hub/store/stable_hash.h"
#include "hub/store/words.h"
#include "json/write.h"

#include <math.h>

enum { WORDS_BYTES = 6000 };

int64_t azm_process_number(azm_slice metadata)
{
    return (int64_t)(azm_stable_hash(metadata, AZM_STABLE_HASH) >> 11);
}

uint64_t azm_event_key(azm_slice trace_id, azm_slice id, int64_t process)
{
    uint64_t hash = azm_stable_hash(trace_id, AZM_STABLE_HASH);
    hash = azm_stable_hash(AZM_S("\0"), hash);
    hash = azm_stable_hash(AZM_S("\0"), azm_stable_hash(id, hash));
    return azm_stable_hash(azm_slice_of(&process, sizeof process), hash);
}

static void add_text(struct azm_json_writer *json, const char *key, azm_slice text)
{
    if (text.len)
        azm_json_string(azm_json_key(json, azm_slice_str(key)), text);
}

static void add_int(struct azm_json_writer *json, const char *key, int64_t value)
{
    azm_json_int(azm_json_key(json, azm_slice_str(key)), value);
}

static void add_words(struct azm_json_writer *json, const struct azm_event *event)
{
    char storage[WORDS_BYTES], folded[AZM_WORD_MAX];
    struct azm_buf text;
    azm_slice word;
    azm_buf_init_fixed(&text, storage, sizeof storage);
    azm_words_text(event, &text);
    azm_slice rest = azm_slice_drop(azm_buf_slice(&text), 1); /* the space before the first */
    azm_json_open_array(azm_json_key(json, AZM_S("words")));
    while (rest.len && azm_slice_split(&rest, ' ', &word))
        azm_json_string(json, azm_slice_of(folded, azm_word_fold(word, folded)));
    azm_json_close_array(json);
    azm_json_open_array(azm_json_key(json, AZM_S("attributes")));
    for (size_t i = 0; i < event->attribute_count; i++)
        azm_json_uint(json, azm_attribute_hash(&event->attributes[i]));
    azm_json_close_array(json);
}

static void add_texts(struct azm_json_writer *json, const struct azm_event *event, azm_slice environment)
{
    add_text(json, "parent", event->parent_id);
    add_text(json, "transaction", event->transaction_id);
    add_text(json, "service", event->service);
    add_text(json, "environment", environment);
    add_text(json, "name", event->name);
    add_text(json, "type", event->type);
    add_text(json, "subtype", event->subtype);
    add_text(json, "result", event->result);
    add_text(json, "message", event->message);
    add_text(json, "faas_trigger", event->trigger);
    add_text(json, "func", event->function);
    add_text(json, "target", event->target);
    add_text(json, "culprit", event->culprit);
    add_text(json, "operation", event->operation);
}

void azm_row_event(struct azm_buf *out, const struct azm_event *event, const struct azm_batch *batch,
                   const struct azm_event_place *place)
{
    struct azm_json_writer writer = azm_json_writer(out), *json = &writer;
    azm_json_open_object(json);
    add_text(json, "received_day", azm_slice_str(place->date));
    add_int(json, "slot", azm_slot_of(event->start_us));
    add_text(json, "trace", event->trace_id);
    add_text(json, "id", place->id);
    add_int(json, "process", place->process);
    azm_json_uint(azm_json_key(json, AZM_S("key")), place->key);
    add_int(json, "seq", place->seq);
    add_int(json, "kind", (int64_t)event->kind);
    add_texts(json, event, batch->environment);
    add_int(json, "start_us", event->start_us);
    add_int(json, "duration_us", event->duration_us);
    add_int(json, "outcome", (int64_t)event->outcome);
    add_int(json, "coldstart", event->coldstart);
    add_int(json, "from_host", batch->from_host);
    add_int(json, "status", event->status <= UINT16_MAX ? (int64_t)event->status : 0);
    add_int(json, "grp", (int64_t)event->group);
    azm_json_double(azm_json_key(json, AZM_S("weight")),
                    isfinite(event->weight) && event->weight > 0 ? event->weight : 1);
    add_int(json, "bucket", (int64_t)azm_histogram_bucket(event->duration_us));
    add_words(json, event);
    add_int(json, "received_us", batch->received_us);
    add_text(json, "raw", event->raw);
    azm_json_close_object(json);
    azm_json_end_line(json);
}

void azm_row_sample(struct azm_buf *out, const struct azm_sample *sample, int64_t process, const char *date)
{
    if (!isfinite(sample->value)) /* JSON has no word for it */
        return;
    struct azm_json_writer writer = azm_json_writer(out), *json = &writer;
    azm_json_open_object(json);
    add_text(json, "received_day", azm_slice_str(date));
    add_int(json, "process", process);
    add_text(json, "service", sample->service);
    add_text(json, "name", sample->name);
    add_text(json, "unit", sample->unit);
    add_text(json, "labels", sample->labels);
    add_int(json, "time_us", sample->time_us);
    azm_json_double(azm_json_key(json, AZM_S("value")), sample->value);
    azm_json_close_object(json);
    azm_json_end_line(json);
}

void azm_row_process(struct azm_buf *out, const struct azm_batch *batch, int64_t process, const char *date)
{
    struct azm_json_writer writer = azm_json_writer(out), *json = &writer;
    azm_json_open_object(json);
    add_text(json, "received_day", azm_slice_str(date));
    add_int(json, "process", process);
    add_text(json, "metadata", batch->metadata);
    add_text(json, "service", batch->service);
    add_text(json, "environment", batch->environment);
    add_text(json, "node", batch->node);
    add_text(json, "agent", batch->agent);
    add_int(json, "from_host", batch->from_host);
    azm_json_close_object(json);
    azm_json_end_line(json);
}
