#include "hub/query/live.h"

#include "hub/query/traces.h"
#include "hub/store/stable_hash.h"
#include "json/write.h"

#include <inttypes.h>

enum { SECOND_US = 1000000 };

struct telling {
    struct azm_live_place *place;
    struct azm_buf *out;
};

static void add_id(struct azm_buf *out, int64_t cursor)
{
    azm_buf_addf(out, "id: %" PRId64 "\n", cursor);
}

void azm_live_tell_place(const struct azm_live_place *place, struct azm_buf *out)
{
    add_id(out, place->cursor);
    azm_buf_add_str(out, "\n");
}

/* Also notes it. */
static bool was_told(struct azm_live_place *place, azm_slice trace_id)
{
    uint64_t hash = azm_stable_hash(trace_id, AZM_STABLE_HASH);
    for (size_t i = 0; i < place->told_count && i < AZM_LIVE_REMEMBERED; i++)
        if (place->told[i] == hash)
            return true;
    place->told[place->told_count++ % AZM_LIVE_REMEMBERED] = hash;
    return false;
}

static bool tell_trace(void *self, const struct azm_trace_row *row)
{
    struct telling *telling = self;
    struct azm_live_place *place = telling->place;
    struct azm_buf *out = telling->out;
    struct azm_json_writer json = azm_json_writer(out);
    place->cursor = row->change;
    if (was_told(place, row->trace_id))
        return true;
    size_t before = out->len;
    azm_buf_add_str(out, "event: trace\n");
    add_id(out, place->cursor);
    azm_buf_add_str(out, "data: ");
    azm_query_add_trace(&json, row);
    azm_buf_add_str(out, "\n\n");
    place->in_second++;
    if (out->failed) { /* one that is larger than all that a client may wait for is left out */
        azm_buf_truncate(out, before);
        out->failed = false;
    }
    return true;
}

static void tell_skipped(const struct azm_live_place *place, int64_t count, struct azm_buf *out)
{
    azm_buf_add_str(out, "event: skipped\n");
    add_id(out, place->cursor);
    azm_buf_addf(out, "data: {\"count\":%" PRId64 "}\n\n", count);
}

static enum azm_status tell(struct azm_reader *reader, struct telling *telling, struct azm_error *err)
{
    struct azm_live_place *place = telling->place;
    struct azm_changes changes;
    struct azm_trace_list list;
    int64_t keep = AZM_LIVE_PER_SECOND - place->in_second;
    enum azm_status status = azm_reader_changes(reader, place->cursor, place->service, keep, &changes, err);
    place->cursor = changes.count ? changes.from : changes.last;
    if (status != AZM_OK || changes.count == 0)
        return status;
    if (changes.count > keep)
        tell_skipped(place, changes.count - keep, telling->out);
    struct azm_trace_filter filter = {.after = changes.from > 0 ? changes.from : 1, .limit = keep};
    azm_event_filter_init(&filter.event);
    filter.event.service = place->service;
    status = azm_reader_traces(reader, &filter, tell_trace, telling, &list, err);
    place->cursor = changes.last;
    return status;
}

static enum azm_status tell_news(struct azm_reader *reader, struct azm_live_place *place, struct azm_buf *out,
                                 struct azm_error *err)
{
    struct azm_live_place begin = *place;
    struct telling telling = {place, out};
    size_t before = out->len;
    enum azm_status status = azm_reader_begin(reader, err);
    if (status == AZM_OK)
        status = tell(reader, &telling, err);
    azm_reader_end(reader);
    if (status != AZM_OK) {
        *place = begin;
        azm_buf_truncate(out, before);
    }
    return status;
}

enum azm_status azm_live_tell(struct azm_reader *reader, struct azm_live_place *place, int64_t last_change,
                              int64_t now_us, struct azm_buf *out, struct azm_error *err)
{
    enum azm_status status = AZM_OK;
    size_t before = out->len;
    if (now_us - place->second_us >= SECOND_US) {
        place->second_us = now_us;
        place->in_second = 0;
    }
    if (place->cursor < last_change && place->in_second < AZM_LIVE_PER_SECOND)
        status = tell_news(reader, place, out, err);
    if (out->len == before && now_us - place->told_us >= AZM_LIVE_SILENCE_US)
        azm_buf_add_str(out, ":\n\n");
    if (out->len > before)
        place->told_us = now_us;
    return status;
}
