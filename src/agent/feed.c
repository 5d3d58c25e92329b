#include "agent/feed.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "export/http.h"
#include "os/clock.h"

#define BEAT_US    250000
#define PROBE_US   1000000
#define BODY_MAX   (AZM_FEED_REQUEST_MAX + (2u << 20)) /* the event that crosses the line fits, too */
#define ARENA_MAX  (8u << 20)
#define ONE_TURN   4096u /* records: other rings want to be read, too */
#define SOURCE_MAX (sizeof(uint64_t) + AZM_RING_RECORD_MAX)

void azm_feed_tools_init(struct azm_feed_tools *tools, struct azm_routes *routes)
{
    tools->routes = routes;
    azm_arena_init(&tools->arena, ARENA_MAX);
    azm_buf_init(&tools->spare, BODY_MAX);
}

void azm_feed_tools_dispose(struct azm_feed_tools *tools)
{
    azm_arena_dispose(&tools->arena);
    azm_buf_dispose(&tools->spare);
}

/* --- bundles --- */

static struct azm_bundle *add_bundle(struct azm_feed *feed)
{
    struct azm_bundle *bundle = calloc(1, sizeof *bundle);
    if (!bundle)
        abort(); /* our own processes do, when memory is out */
    bundle->feed = feed;
    bundle->begin = feed->read_to;
    azm_buf_init(&bundle->metadata, SOURCE_MAX);
    azm_buf_init(&bundle->source, SOURCE_MAX);
    if (feed->last)
        feed->last->later = bundle;
    else
        feed->first = bundle;
    feed->last = bundle;
    return bundle;
}

static void swap_bufs(struct azm_buf *a, struct azm_buf *b)
{
    struct azm_buf kept = *a;
    *a = *b;
    *b = kept;
}

/* It is answered, but may have to wait for one before it. */
static void forget_body(struct azm_feed *feed, struct azm_bundle *bundle)
{
    if (bundle->body.cap > feed->tools->spare.cap)
        swap_bufs(&bundle->body, &feed->tools->spare);
    azm_buf_dispose(&bundle->body);
}

static void remove_first(struct azm_feed *feed)
{
    struct azm_bundle *bundle = feed->first;
    feed->first = bundle->later;
    if (!feed->first)
        feed->last = NULL;
    azm_bundle_free(bundle);
}

/* The next agent on this ring must know whose records it reads, and which of them were answered already. */
static void keep_source(struct azm_feed *feed, const struct azm_bundle *bundle)
{
    if (bundle->metadata.len && azm_ring_keep(&feed->reader, azm_buf_slice(&bundle->metadata)) != AZM_OK)
        azm_log(WARN, RING, "%s: its metadata is too long to be kept; an agent that is started later cannot use it",
                feed->name);
}

/* Moves the ring's tail over everything before the first record that waits for its answer. */
static void release(struct azm_feed *feed)
{
    while (feed->first && feed->first->answered) {
        keep_source(feed, feed->first);
        remove_first(feed);
    }
    uint64_t end = feed->first ? feed->first->begin : feed->read_to;
    if (end != feed->released_to)
        azm_ring_release(&feed->reader, end);
    feed->released_to = end;
}

static void seal(struct azm_feed *feed, struct azm_stream *stream)
{
    struct azm_bundle *bundle = stream->open;
    if (!bundle)
        return;
    stream->open = NULL;
    stream->route->kind->end(&bundle->body);
    bundle->sealed = true;
    bundle->fate = AZM_FATE_WAITS;
    azm_buf_add(&bundle->source, stream->source_record);
    snprintf(bundle->ring, sizeof bundle->ring, "%s", feed->name);
    stream->sealed++;
    azm_delivery_put(stream->route->delivery, bundle);
}

static void begin_bundle(struct azm_feed *feed, struct azm_stream *stream, int64_t now_us)
{
    struct azm_buf agent;
    struct azm_bundle *bundle = add_bundle(feed);
    stream->open = bundle;
    bundle->begun_us = now_us;
    bundle->signal = (enum azm_signal)(stream - feed->streams);
    azm_buf_init(&bundle->body, BODY_MAX);
    swap_bufs(&bundle->body, &feed->tools->spare);
    azm_buf_clear(&bundle->body);
    stream->route->kind->begin(&bundle->body, &feed->source);
    azm_buf_init_fixed(&agent, bundle->user_agent, sizeof bundle->user_agent - 1);
    stream->route->kind->user_agent(&agent, &feed->source);
    bundle->user_agent[agent.len] = 0;
}

/* --- records --- */

static void forget_source(struct azm_feed *feed, int64_t now_us)
{
    for (size_t i = 0; i < AZM_SIGNALS; i++) {
        azm_routes_leave(feed->streams[i].route, now_us);
        feed->streams[i].route = NULL;
        feed->streams[i].unroutable[0] = 0;
    }
    feed->has_source = false;
    azm_arena_dispose(&feed->source_arena);
    azm_arena_init(&feed->source_arena, ARENA_MAX);
}

static const char *credentials(const struct azm_destination *destination)
{
    if (destination->api_key.len)
        return ", api_key=[REDACTED]";
    if (destination->headers.len)
        return ", headers=[REDACTED]";
    return destination->secret_token.len ? ", secret_token=[REDACTED]" : "";
}

/* What Elastic's agents say at their start, said here for each process that is seen. */
static void tell_source(const struct azm_feed *feed)
{
    const struct azm_source *source = &feed->source;
    const struct azm_route *logs = feed->streams[AZM_SIGNAL_LOGS].route;
    azm_log(INFO, AGENT, "%s: process %u, service_name=%.*s, service_version=%.*s, server_url=%s%s%s%s%s%s", feed->name,
            (unsigned)source->pid, AZM_FMT(azm_slice_take(source->service_name, 100)),
            AZM_FMT(azm_slice_take(source->service_version, 60)), feed->streams[AZM_SIGNAL_TRACES].route->name,
            credentials(&source->destination),
            source->destination.verify_server_cert ? "" : ", verify_server_cert=false",
            source->destination.ca_file.len ? ", server_ca_cert_file is set" : "", logs ? ", logs: " : "",
            logs ? logs->name : "");
}

static void set_limits(struct azm_feed *feed)
{
    const struct azm_destination *destination = &feed->source.destination;
    size_t bytes = destination->request_bytes ? destination->request_bytes : AZM_FEED_REQUEST;
    feed->request_bytes = bytes < AZM_FEED_REQUEST_MIN   ? AZM_FEED_REQUEST_MIN
                          : bytes > AZM_FEED_REQUEST_MAX ? AZM_FEED_REQUEST_MAX
                                                         : bytes;
    feed->request_us = (int64_t)destination->request_time_ms * 1000;
    if (feed->request_us == 0 || feed->request_us > AZM_FEED_AGE_US)
        feed->request_us = AZM_FEED_AGE_US;
}

/* A batch of logs in the spool goes where the record's `destination` says, as any other batch. */
static azm_slice record_for_logs(struct azm_feed *feed)
{
    const struct azm_source source = {.destination = feed->source.logs};
    struct azm_buf record;
    azm_buf_init(&record, SOURCE_MAX);
    azm_record_put_source(&record, &source);
    azm_slice copy = azm_arena_copy(&feed->source_arena, azm_buf_slice(&record));
    azm_buf_dispose(&record);
    return copy;
}

static void join(struct azm_feed *feed, enum azm_signal signal, const struct azm_destination *destination,
                 azm_slice record)
{
    struct azm_stream *stream = &feed->streams[signal];
    struct azm_error err = {AZM_OK, ""};
    stream->source_record = record;
    stream->route = azm_routes_join(feed->tools->routes, destination, signal, &err);
    snprintf(stream->unroutable, sizeof stream->unroutable, "%.159s", err.text);
    if (!stream->route)
        azm_log(WARN, AGENT, "doctor: %s (%.*s): %s are dropped: %s", feed->name,
                AZM_FMT(azm_slice_take(feed->source.service_name, 100)), signal == AZM_SIGNAL_LOGS ? "logs" : "events",
                err.text);
}

static bool logs_go_elsewhere(const struct azm_feed *feed)
{
    return feed->source.logs.kind != AZM_DESTINATION_NONE && !feed->tools->routes->to_file;
}

/* The record's bytes are copied: the source lives longer than the ring's space. */
static void use_source(struct azm_feed *feed, azm_slice record, int64_t now_us)
{
    forget_source(feed, now_us);
    azm_slice copy = azm_arena_copy(&feed->source_arena, record);
    if (!copy.ptr || azm_record_get_source(copy, &feed->source_arena, &feed->source) != AZM_OK) {
        feed->counts.malformed++;
        azm_log(WARN, RING, "doctor: %s: its metadata cannot be read; events are dropped", feed->name);
        return;
    }
    feed->has_source = true;
    set_limits(feed);
    join(feed, AZM_SIGNAL_TRACES, &feed->source.destination, copy);
    if (logs_go_elsewhere(feed))
        join(feed, AZM_SIGNAL_LOGS, &feed->source.logs, record_for_logs(feed));
    if (feed->streams[AZM_SIGNAL_TRACES].route)
        tell_source(feed);
}

static void read_source(struct azm_feed *feed, azm_slice record, uint64_t end, int64_t now_us)
{
    for (size_t i = 0; i < AZM_SIGNALS; i++)
        seal(feed, &feed->streams[i]);
    use_source(feed, record, now_us);
    struct azm_bundle *marker = add_bundle(feed);
    marker->answered = true;
    azm_buf_add(&marker->metadata, azm_slice_of(&end, sizeof end));
    azm_buf_add(&marker->metadata, record);
}

/* The body of the next event; NULL: it has no server. */
static struct azm_buf *body_for_next(struct azm_feed *feed, struct azm_stream *stream, int64_t now_us)
{
    if (!stream->route)
        return NULL;
    if (!stream->open)
        begin_bundle(feed, stream, now_us);
    return &stream->open->body;
}

static void read_transaction(struct azm_feed *feed, azm_slice record, int64_t now_us)
{
    struct azm_transaction transaction;
    struct azm_stream *stream = &feed->streams[AZM_SIGNAL_TRACES];
    feed->counts.events++;
    if (!stream->route) {
        if (!feed->has_source && !feed->told)
            azm_log(WARN, RING, "doctor: %s: its metadata is missing; events are dropped", feed->name);
        feed->told = true;
        feed->counts.unsendable++;
        return;
    }
    if (azm_record_get_transaction(record, &feed->tools->arena, &transaction) != AZM_OK) {
        feed->counts.malformed++;
        return;
    }
    if (!transaction.sampled && stream->route->kind->sampled_only) {
        feed->counts.unsampled++;
        return;
    }
    unsigned events = stream->route->kind->transaction(body_for_next(feed, stream, now_us), &transaction);
    stream->open->events += events;
    feed->counts.in_memory += events;
    if (events == 0)
        feed->counts.unsendable++;
    else
        feed->counts.events += events - 1; /* one was counted above */
}

/* What is no transaction is one event. */
static void count_other(struct azm_feed *feed, struct azm_stream *stream, bool has_place, unsigned events)
{
    if (stream->open)
        stream->open->events += events;
    feed->counts.in_memory += events;
    feed->counts.unsampled += !has_place;
    feed->counts.unsendable += has_place && events == 0;
}

static struct azm_stream *stream_of_others(struct azm_feed *feed)
{
    return &feed->streams[logs_go_elsewhere(feed) ? AZM_SIGNAL_LOGS : AZM_SIGNAL_TRACES];
}

static void read_error(struct azm_feed *feed, azm_slice record, int64_t now_us)
{
    struct azm_error_event error;
    struct azm_stream *stream = stream_of_others(feed);
    feed->counts.events++;
    if (azm_record_get_error(record, &feed->tools->arena, &error) != AZM_OK) {
        feed->counts.malformed++;
        return;
    }
    bool has_place = !stream->route || stream->route->kind->error;
    struct azm_buf *body = has_place ? body_for_next(feed, stream, now_us) : NULL;
    count_other(feed, stream, has_place, body ? stream->route->kind->error(body, &error) : 0);
}

static void read_log(struct azm_feed *feed, azm_slice record, int64_t now_us)
{
    struct azm_log_event log;
    struct azm_stream *stream = stream_of_others(feed);
    feed->counts.events++;
    if (azm_record_get_log(record, &feed->tools->arena, &log) != AZM_OK) {
        feed->counts.malformed++;
        return;
    }
    bool has_place = !stream->route || stream->route->kind->log;
    struct azm_buf *body = has_place ? body_for_next(feed, stream, now_us) : NULL;
    count_other(feed, stream, has_place, body ? stream->route->kind->log(body, &log) : 0);
}

static void read_note(struct azm_feed *feed, azm_slice record, bool info)
{
    azm_slice line;
    if (azm_record_get_note(record, &line) != AZM_OK) {
        feed->counts.malformed++;
    } else if (info) {
        azm_log(INFO, TAP, "%s: %.*s", feed->name, AZM_FMT(azm_slice_take(line, 500)));
    } else {
        azm_news_note(&feed->news, line);
        azm_log(WARN, TAP, "doctor: %s: %.*s", feed->name, AZM_FMT(azm_slice_take(line, 500)));
    }
}

static void read_report(struct azm_feed *feed, azm_slice record)
{
    if (azm_news_report(&feed->news, record) != AZM_OK)
        feed->counts.malformed++;
}

static void read_kind(struct azm_feed *feed, const struct azm_ring_record *found, azm_slice record, int64_t now_us)
{
    switch (found->kind) {
    case AZM_RECORD_SOURCE: read_source(feed, record, found->end, now_us); break;
    case AZM_RECORD_TRANSACTION: read_transaction(feed, record, now_us); break;
    case AZM_RECORD_ERROR: read_error(feed, record, now_us); break;
    case AZM_RECORD_LOG: read_log(feed, record, now_us); break;
    case AZM_RECORD_NOTE:
    case AZM_RECORD_INFO: read_note(feed, record, found->kind == AZM_RECORD_INFO); break;
    case AZM_RECORD_REPORT: read_report(feed, record); break;
    default: feed->counts.unknown++; break;
    }
}

static void read_record(struct azm_feed *feed, const struct azm_ring_record *found, int64_t now_us)
{
    if (found->end > feed->source_from) { /* else answered before, but the agent died before it could say so */
        memcpy(feed->tools->record, found->bytes.ptr, found->bytes.len);
        struct azm_arena_mark mark = azm_arena_mark(&feed->tools->arena);
        read_kind(feed, found, azm_slice_of(feed->tools->record, found->bytes.len), now_us);
        azm_arena_rewind(&feed->tools->arena, mark);
    }
    feed->read_to = found->end;
}

/* --- reading --- */

static bool has_room(struct azm_feed *feed)
{
    bool room = true;
    for (size_t i = 0; i < AZM_SIGNALS; i++) {
        struct azm_stream *stream = &feed->streams[i];
        if (stream->open && stream->open->body.len >= feed->request_bytes && stream->sealed < AZM_FEED_AHEAD)
            seal(feed, stream);
        room = room && (!stream->open || stream->open->body.len < feed->request_bytes);
    }
    return room;
}

/* Nothing to read where there should be something, or for ever. True: go on reading. */
static bool get_past(struct azm_feed *feed, enum azm_status status)
{
    if (status != AZM_BAD_INPUT && !feed->dead)
        return false;
    uint64_t skipped = azm_ring_skip(&feed->reader);
    if (skipped && !feed->counts.skipped_bytes)
        azm_log(WARN, RING, "doctor: %s: skipped %llu bytes that hold no whole record", feed->name,
                (unsigned long long)skipped);
    feed->counts.skipped_bytes += skipped;
    if (!skipped && feed->dead && !feed->first && feed->released_to == feed->read_to)
        feed->drained = true; /* with everything released, so nothing lies behind a lap either */
    return skipped > 0;
}

bool azm_feed_read(struct azm_feed *feed, int64_t now_us)
{
    struct azm_ring_record record;
    uint64_t events = feed->counts.events;
    bool any = false;
    for (unsigned i = 0; i < ONE_TURN && has_room(feed); i++) {
        enum azm_status status = azm_ring_next(&feed->reader, &record);
        if (status == AZM_OK) {
            read_record(feed, &record, now_us);
            any = true;
        } else if (!get_past(feed, status)) {
            break;
        }
    }
    if (any)
        feed->record_us = now_us;
    if (feed->counts.events != events)
        feed->news.event_us = azm_clock_wall_us();
    release(feed);
    return any;
}

static void flush(struct azm_feed *feed, struct azm_stream *stream, int64_t now_us, bool all)
{
    struct azm_bundle *open = stream->open;
    if (!open)
        return;
    bool due = now_us - feed->record_us >= AZM_FEED_QUIET_US || now_us - open->begun_us >= feed->request_us;
    if (open->events == 0 && (due || all)) { /* nothing of it could be sent */
        open->answered = true;
        stream->open = NULL;
        forget_body(feed, open);
        release(feed);
    } else if (all || (due && stream->sealed == 0)) {
        seal(feed, stream);
    }
}

void azm_feed_flush(struct azm_feed *feed, int64_t now_us, bool all)
{
    for (size_t i = 0; i < AZM_SIGNALS; i++)
        flush(feed, &feed->streams[i], now_us, all);
}

static void note_answer(struct azm_feed_answer *last, const struct azm_sent *sent)
{
    last->when_us = azm_clock_wall_us();
    last->http_status = sent->http_status;
    snprintf(last->said, sizeof last->said, "%.159s", sent->problem);
}

static void count_answer(struct azm_feed_counts *counts, const struct azm_bundle *bundle)
{
    const struct azm_sent *sent = &bundle->sent;
    counts->requests++;
    counts->bytes_out += sent->bytes_out;
    counts->rejected += sent->reply.rejected;
    counts->delivered += bundle->events - sent->reply.rejected;
    if (sent->http_status < AZM_FEED_STATUS_MAX)
        counts->answers[sent->http_status]++;
    note_answer(&counts->last_answer[bundle->signal], sent);
}

void azm_feed_answered(struct azm_feed *feed, struct azm_bundle *bundle)
{
    bundle->answered = true;
    feed->streams[bundle->signal].sealed--;
    forget_body(feed, bundle);
    feed->counts.in_memory -= bundle->events;
    if (bundle->fate == AZM_FATE_KEPT) {
        feed->counts.spooled += bundle->events;
        feed->counts.in_spool += (int64_t)bundle->events;
    } else {
        count_answer(&feed->counts, bundle);
    }
    release(feed);
}

void azm_counts_settle(struct azm_feed_counts *counts, const struct azm_bundle *news)
{
    counts->in_spool -= (int64_t)news->events;
    if (news->fate == AZM_FATE_LOST)
        counts->lost[news->loss] += news->events;
    else
        count_answer(counts, news);
}

/* --- life --- */

void azm_feed_tick(struct azm_feed *feed, int64_t now_us)
{
    if (now_us - feed->beat_us >= BEAT_US) {
        feed->beat_us = now_us;
        azm_ring_beat(&feed->reader);
    }
    if (!feed->dead && now_us - feed->probe_us >= PROBE_US) {
        feed->probe_us = now_us;
        feed->dead = azm_map_lock(feed->map, NULL) == AZM_OK;
        if (feed->dead)
            azm_log(DEBUG, RING, "%s: its writer has ended", feed->name);
    }
}

void azm_feed_sum_up(const struct azm_feed *feed)
{
    const struct azm_feed_counts *counts = &feed->counts;
    unsigned long long lost = counts->rejected + counts->unsendable + counts->malformed;
    for (size_t i = 0; i < AZM_LOSS_COUNT; i++)
        lost += counts->lost[i];
    azm_log(INFO, AGENT,
            "%s: %llu events, and %llu of an earlier agent: %llu delivered, %llu lost, %llu not wanted, "
            "%llu in the ring, %lld in the spool",
            feed->name, (unsigned long long)counts->events, (unsigned long long)counts->taken_over,
            (unsigned long long)counts->delivered, lost, (unsigned long long)counts->unsampled,
            (unsigned long long)counts->in_memory, (long long)counts->in_spool);
}

bool azm_feed_finished(const struct azm_feed *feed)
{
    return feed->drained && !feed->first;
}

static void use_kept(struct azm_feed *feed, int64_t now_us)
{
    azm_slice kept = azm_ring_kept(&feed->reader);
    if (kept.len <= sizeof feed->source_from)
        return;
    memcpy(&feed->source_from, kept.ptr, sizeof feed->source_from);
    use_source(feed, azm_slice_drop(kept, sizeof feed->source_from), now_us);
}

struct azm_feed *azm_feed_open(const char *run_dir, const char *name, struct azm_feed_tools *tools, int64_t now_us,
                               struct azm_error *err)
{
    char path[640];
    struct azm_feed *feed = calloc(1, sizeof *feed);
    if (!feed)
        abort();
    feed->tools = tools;
    feed->record_us = now_us;
    snprintf(feed->name, sizeof feed->name, "%s", name);
    snprintf(path, sizeof path, "%s/%s", run_dir, name);
    azm_arena_init(&feed->source_arena, ARENA_MAX);
    feed->map = azm_map_open(path, AZM_RING_SIZE_MAX, err);
    enum azm_status status = AZM_IO;
    if (feed->map) {
        status = azm_ring_reader_init(&feed->reader, azm_map_memory(feed->map), azm_map_size(feed->map));
        if (status != AZM_OK)
            azm_fail(err, status, "%s: %s", path,
                     status == AZM_UNSUPPORTED ? "written by a newer version of Azimuth"
                                               : "this is no ring, or a damaged one");
    }
    if (!feed->map || status != AZM_OK) {
        azm_feed_close(feed);
        return NULL;
    }
    if (tools->routes->spool)
        feed->counts.taken_over = azm_spool_events_of(tools->routes->spool, feed->name);
    feed->counts.in_spool = (int64_t)feed->counts.taken_over;
    feed->read_to = feed->released_to = feed->reader.next;
    use_kept(feed, now_us);
    return feed;
}

void azm_feed_close(struct azm_feed *feed)
{
    while (feed->first)
        remove_first(feed);
    forget_source(feed, feed->record_us);
    azm_arena_dispose(&feed->source_arena);
    azm_map_close(feed->map);
    free(feed);
}
