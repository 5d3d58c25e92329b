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

static struct azm_bundle *add_bundle(struct azm_feed *feed, uint64_t end)
{
    struct azm_bundle *bundle = calloc(1, sizeof *bundle);
    if (!bundle)
        abort(); /* our own processes do, when memory is out */
    bundle->feed = feed;
    bundle->end = end;
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

static void remove_first(struct azm_feed *feed)
{
    struct azm_bundle *bundle = feed->first;
    if (bundle->body.cap > feed->tools->spare.cap)
        swap_bufs(&bundle->body, &feed->tools->spare);
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

/* Moves the ring's tail over everything that is answered, in order. */
static void release(struct azm_feed *feed)
{
    while (feed->first && feed->first->answered) {
        keep_source(feed, feed->first);
        azm_ring_release(&feed->reader, feed->first->end);
        remove_first(feed);
    }
}

static void seal(struct azm_feed *feed)
{
    struct azm_bundle *bundle = feed->open;
    if (!bundle)
        return;
    feed->open = NULL;
    feed->route->kind->end(&bundle->body);
    bundle->sealed = true;
    bundle->fate = AZM_FATE_WAITS;
    azm_buf_add(&bundle->source, feed->source_record);
    snprintf(bundle->ring, sizeof bundle->ring, "%s", feed->name);
    feed->sealed++;
    azm_delivery_put(feed->route->delivery, bundle);
}

/* What ends here needs no answer. */
static void pass(struct azm_feed *feed, uint64_t end)
{
    if (feed->open)
        feed->open->end = end;
    else if (feed->last && feed->last->answered && !feed->last->metadata.len)
        feed->last->end = end;
    else
        add_bundle(feed, end)->answered = true;
}

static void begin_bundle(struct azm_feed *feed, uint64_t end, int64_t now_us)
{
    struct azm_buf agent;
    feed->open = add_bundle(feed, end);
    feed->open->begun_us = now_us;
    azm_buf_init(&feed->open->body, BODY_MAX);
    swap_bufs(&feed->open->body, &feed->tools->spare);
    azm_buf_clear(&feed->open->body);
    feed->route->kind->begin(&feed->open->body, &feed->source);
    azm_buf_init_fixed(&agent, feed->open->user_agent, sizeof feed->open->user_agent - 1);
    feed->route->kind->user_agent(&agent, &feed->source);
    feed->open->user_agent[agent.len] = 0;
}

/* --- records --- */

static void forget_source(struct azm_feed *feed, int64_t now_us)
{
    azm_routes_leave(feed->route, now_us);
    feed->route = NULL;
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
    azm_log(INFO, AGENT, "%s: process %u, service_name=%.*s, service_version=%.*s, server_url=%s%s%s%s", feed->name,
            (unsigned)source->pid, AZM_FMT(azm_slice_take(source->service_name, 100)),
            AZM_FMT(azm_slice_take(source->service_version, 60)), feed->route->name, credentials(&source->destination),
            source->destination.verify_server_cert ? "" : ", verify_server_cert=false",
            source->destination.ca_file.len ? ", server_ca_cert_file is set" : "");
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

/* The record's bytes are copied: the source lives longer than the ring's space. */
static void use_source(struct azm_feed *feed, azm_slice record, int64_t now_us)
{
    struct azm_error err = {AZM_OK, ""};
    forget_source(feed, now_us);
    azm_slice copy = azm_arena_copy(&feed->source_arena, record);
    if (!copy.ptr || azm_record_get_source(copy, &feed->source_arena, &feed->source) != AZM_OK) {
        feed->counts.malformed++;
        azm_log(WARN, RING, "doctor: %s: its metadata cannot be read; events are dropped", feed->name);
        return;
    }
    feed->has_source = true;
    feed->source_record = copy;
    set_limits(feed);
    feed->route = azm_routes_join(feed->tools->routes, &feed->source.destination, &err);
    snprintf(feed->unroutable, sizeof feed->unroutable, "%.159s", err.text);
    if (feed->route)
        tell_source(feed);
    else
        azm_log(WARN, AGENT, "doctor: %s (%.*s): events are dropped: %s", feed->name,
                AZM_FMT(azm_slice_take(feed->source.service_name, 100)), err.text);
}

static void read_source(struct azm_feed *feed, azm_slice record, uint64_t end, int64_t now_us)
{
    seal(feed);
    use_source(feed, record, now_us);
    struct azm_bundle *marker = add_bundle(feed, end);
    marker->answered = true;
    azm_buf_add(&marker->metadata, azm_slice_of(&end, sizeof end));
    azm_buf_add(&marker->metadata, record);
}

static void read_transaction(struct azm_feed *feed, azm_slice record, uint64_t end, int64_t now_us)
{
    struct azm_transaction transaction;
    feed->counts.events++;
    if (!feed->route) {
        if (!feed->has_source && !feed->told)
            azm_log(WARN, RING, "doctor: %s: its metadata is missing; events are dropped", feed->name);
        feed->told = true;
        feed->counts.unsendable++;
        pass(feed, end);
        return;
    }
    if (azm_record_get_transaction(record, &feed->tools->arena, &transaction) != AZM_OK) {
        feed->counts.malformed++;
        pass(feed, end);
        return;
    }
    if (!transaction.sampled && feed->route->kind->sampled_only) {
        feed->counts.unsampled++;
        pass(feed, end);
        return;
    }
    if (!feed->open)
        begin_bundle(feed, end, now_us);
    feed->open->end = end;
    unsigned events = feed->route->kind->transaction(&feed->open->body, &transaction);
    feed->open->events += events;
    feed->counts.in_memory += events;
    if (events == 0)
        feed->counts.unsendable++;
    else
        feed->counts.events += events - 1; /* one was counted above */
}

static unsigned put_error(struct azm_feed *feed, azm_slice record, struct azm_buf *body, bool *readable)
{
    struct azm_error_event error;
    *readable = azm_record_get_error(record, &feed->tools->arena, &error) == AZM_OK;
    return *readable && body && feed->route->kind->error ? feed->route->kind->error(body, &error) : 0;
}

static unsigned put_log(struct azm_feed *feed, azm_slice record, struct azm_buf *body, bool *readable)
{
    struct azm_log_event log;
    *readable = azm_record_get_log(record, &feed->tools->arena, &log) == AZM_OK;
    return *readable && body && feed->route->kind->log ? feed->route->kind->log(body, &log) : 0;
}

/* An error or a log: one event, where the server has a place for it. */
static void read_other(struct azm_feed *feed, azm_slice record, uint64_t end, int64_t now_us,
                       unsigned (*put)(struct azm_feed *, azm_slice, struct azm_buf *, bool *))
{
    bool readable;
    feed->counts.events++;
    if (feed->route && !feed->open)
        begin_bundle(feed, end, now_us);
    unsigned events = put(feed, record, feed->route ? &feed->open->body : NULL, &readable);
    if (feed->route) {
        feed->open->end = end;
        feed->open->events += events;
    } else {
        pass(feed, end);
    }
    feed->counts.in_memory += events;
    feed->counts.malformed += !readable;
    feed->counts.unsendable += readable && events == 0;
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

static void read_record(struct azm_feed *feed, const struct azm_ring_record *found, int64_t now_us)
{
    if (found->end <= feed->source_from) { /* answered before, but the agent died before it could say so */
        pass(feed, found->end);
        return;
    }
    memcpy(feed->tools->record, found->bytes.ptr, found->bytes.len);
    azm_slice record = azm_slice_of(feed->tools->record, found->bytes.len);
    struct azm_arena_mark mark = azm_arena_mark(&feed->tools->arena);
    switch (found->kind) {
    case AZM_RECORD_SOURCE: read_source(feed, record, found->end, now_us); break;
    case AZM_RECORD_TRANSACTION: read_transaction(feed, record, found->end, now_us); break;
    case AZM_RECORD_ERROR: read_other(feed, record, found->end, now_us, put_error); break;
    case AZM_RECORD_LOG: read_other(feed, record, found->end, now_us, put_log); break;
    case AZM_RECORD_NOTE:
    case AZM_RECORD_INFO:
        read_note(feed, record, found->kind == AZM_RECORD_INFO);
        pass(feed, found->end);
        break;
    case AZM_RECORD_REPORT:
        read_report(feed, record);
        pass(feed, found->end);
        break;
    default:
        feed->counts.unknown++;
        pass(feed, found->end);
        break;
    }
    azm_arena_rewind(&feed->tools->arena, mark);
}

/* --- reading --- */

static bool has_room(struct azm_feed *feed)
{
    if (feed->open && feed->open->body.len >= feed->request_bytes && feed->sealed < AZM_FEED_AHEAD)
        seal(feed);
    return !feed->open || feed->open->body.len < feed->request_bytes;
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
    if (!skipped && feed->dead && !feed->first)
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

void azm_feed_flush(struct azm_feed *feed, int64_t now_us, bool all)
{
    if (!feed->open)
        return;
    bool due = now_us - feed->record_us >= AZM_FEED_QUIET_US || now_us - feed->open->begun_us >= feed->request_us;
    if (feed->open->events == 0 && (due || all)) { /* nothing of it could be sent */
        feed->open->answered = true;
        feed->open = NULL;
        release(feed);
    } else if (all || (due && feed->sealed == 0)) {
        seal(feed);
    }
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
    note_answer(&counts->last_answer, sent);
}

void azm_feed_answered(struct azm_feed *feed, struct azm_bundle *bundle)
{
    bundle->answered = true;
    feed->sealed--;
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
