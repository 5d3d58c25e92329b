#include "agent/status.h"

#include <stdio.h>

#include "agent/problems.h"
#include "base/time.h"
#include "export/object.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/private_dir.h"
#include "os/self.h"

#define EVERY_US 2000000
#define KEEP_US  (INT64_C(86400) * 1000000)
#define FULL_MAX 65536u

static const char *const drop_names[AZM_RING_DROP_REASONS] = {"ring_full", "too_big", "pool_full", "blind",
                                                              "malformed"};

static void put_time(struct azm_json_writer *json, const char *key, int64_t time_us)
{
    char text[AZM_TIME_TEXT];
    if (time_us)
        azm_object_text(json, key, azm_slice_of(text, azm_time_format(time_us, text)));
}

static void put_dropped(struct azm_json_writer *json, const struct azm_feed *feed, const struct azm_ring_stats *ring)
{
    struct azm_object_mark mark = azm_object_open(json, "dropped");
    for (size_t i = 0; i < AZM_RING_DROP_REASONS; i++)
        if (drop_names[i])
            azm_object_number(json, drop_names[i], (int64_t)ring->dropped[i]);
    azm_object_number(json, "unreadable", (int64_t)feed->counts.malformed);
    azm_object_number(json, "unsendable", (int64_t)feed->counts.unsendable);
    azm_object_number(json, "rejected", (int64_t)feed->counts.rejected);
    for (size_t i = 0; i < AZM_LOSS_COUNT; i++)
        azm_object_number(json, azm_loss_names[i], (int64_t)feed->counts.lost[i]);
    azm_object_close(json, mark);
}

static void put_answers(struct azm_json_writer *json, const struct azm_feed *feed)
{
    struct azm_object_mark mark = azm_object_open(json, "answers");
    for (unsigned i = 0; i < AZM_FEED_STATUS_MAX; i++) {
        char code[8];
        snprintf(code, sizeof code, "%u", i);
        if (feed->counts.answers[i])
            azm_object_number(json, code, (int64_t)feed->counts.answers[i]);
    }
    azm_object_close(json, mark);
}

static void put_destination(struct azm_json_writer *json, const char *key, const struct azm_feed *feed,
                            enum azm_signal signal)
{
    const struct azm_route *route = feed->streams[signal].route;
    if (!route)
        return;
    struct azm_delivery_state state = azm_route_state(route);
    struct azm_object_mark mark = azm_object_open(json, key);
    azm_object_text(json, "url", azm_slice_str(route->name));
    azm_object_text(json, "format", azm_slice_str(route->kind->name));
    azm_object_bool(json, "failing", state.failing);
    if (state.http_status)
        azm_object_number(json, "last_answer", state.http_status);
    if (state.problem[0])
        azm_object_text(json, "problem", azm_slice_str(state.problem));
    azm_object_number(json, "failed_attempts", (int64_t)state.attempts_failed);
    if (state.answered_us)
        put_time(json, "last_answered", state.answered_us);
    if (state.failing && state.next_us)
        put_time(json, "next_attempt", state.next_us);
    if (route->line)
        azm_object_number(json, "spooled_batches", (int64_t)azm_spool_waiting(route->line).batches);
    const struct azm_feed_answer *last = &feed->counts.last_answer[signal];
    put_time(json, "last_delivery", last->when_us);
    if (last->http_status)
        azm_object_number(json, "last_delivery_answer", last->http_status);
    if (last->said[0])
        azm_object_text(json, "last_delivery_said", azm_slice_str(last->said));
    azm_object_close(json, mark);
}

/* Events of this process that wait for an answer; the ring's own bytes are told above. */
static void put_waiting(struct azm_json_writer *json, const struct azm_feed *feed)
{
    struct azm_object_mark mark = azm_object_open(json, "waiting");
    azm_object_number(json, "in_ring", (int64_t)feed->counts.in_memory);
    azm_object_number(json, "in_spool", feed->counts.in_spool > 0 ? feed->counts.in_spool : 0);
    azm_object_close(json, mark);
}

/* Of all processes together. */
static void put_spool(struct azm_json_writer *json, const struct azm_feed *feed)
{
    if (!feed->tools || !feed->tools->routes->spool)
        return;
    struct azm_spool_state state = azm_spool_state(feed->tools->routes->spool);
    struct azm_object_mark mark = azm_object_open(json, "spool");
    azm_object_number(json, "batches", (int64_t)state.batches);
    azm_object_number(json, "events", (int64_t)state.events);
    azm_object_number(json, "bytes", (int64_t)state.bytes);
    azm_object_number(json, "limit_bytes", (int64_t)state.max_bytes);
    if (state.failing)
        azm_object_text(json, "problem", azm_slice_str(state.problem));
    azm_object_close(json, mark);
}

/* What is seen there: the app, as its source names it. */
static void put_app(struct azm_json_writer *json, const struct azm_source *source)
{
    azm_object_text(json, "instance", source->node_name);
    azm_object_text(json, "service", source->service_name);
    azm_object_text(json, "service_version", source->service_version);
    azm_object_text(json, "environment", source->environment);
    struct azm_object_mark mark = azm_object_open(json, "runtime");
    azm_object_text(json, "name", source->runtime_name);
    azm_object_text(json, "version", source->runtime_version);
    azm_object_close(json, mark);
}

/* And by what. */
static void put_writer(struct azm_json_writer *json, const struct azm_feed *feed)
{
    const struct azm_report *report = &feed->news.report;
    if (report->worker_pid)
        azm_object_number(json, "worker_pid", report->worker_pid);
    if (feed->news.has_report)
        azm_object_number(json, "functions", report->functions);
    if (report->refused)
        azm_object_number(json, "not_loaded", report->refused);
    struct azm_object_mark mark = azm_object_open(json, "tap");
    azm_object_text(json, "version", feed->source.agent_version);
    azm_object_text(json, "mode", report->mode);
    if (feed->news.has_report)
        azm_object_bool(json, "http_proxied", report->http_proxied);
    azm_object_close(json, mark);
}

static void put_ring(struct azm_json_writer *json, const struct azm_feed *feed, const struct azm_ring_stats *ring)
{
    struct azm_object_mark mark = azm_object_open(json, "ring");
    azm_object_text(json, "file", azm_slice_str(feed->name));
    azm_object_number(json, "bytes", (int64_t)ring->capacity);
    azm_object_number(json, "used_bytes", (int64_t)ring->used);
    azm_object_number(json, "records", (int64_t)ring->written);
    azm_object_close(json, mark);
}

static void put_blind(struct azm_json_writer *json, const struct azm_report *report)
{
    static const char *const names[] = {"worker", "host"};
    const struct azm_report_side *sides[] = {&report->worker, &report->host};
    struct azm_object_mark list = azm_object_open_list(json, "blind");
    for (size_t i = 0; i < AZM_COUNT(sides); i++) {
        if (!sides[i]->blind)
            continue;
        struct azm_object_mark mark = azm_object_open(json, NULL);
        azm_object_text(json, "direction", azm_slice_str(names[i]));
        azm_object_number(json, "connections", sides[i]->blind);
        put_time(json, "since", sides[i]->blind_since_us);
        azm_object_text(json, "reason", sides[i]->blind_reason);
        azm_object_close(json, mark);
    }
    azm_object_close_list(json, list);
}

void azm_status_put(struct azm_json_writer *json, const struct azm_feed *feed, bool ended)
{
    struct azm_ring_stats ring = azm_ring_stats(&feed->reader);
    struct azm_object_mark mark = azm_object_open(json, NULL);
    azm_object_number(json, "schema", AZM_STATUS_SCHEMA);
    azm_object_text(json, "version", AZM_S(AZM_VERSION));
    azm_object_number(json, "pid", ring.pid);
    azm_object_number(json, "agent_pid", azm_self_pid());
    put_app(json, &feed->source);
    put_writer(json, feed);
    put_time(json, "created", ring.created_us);
    put_time(json, "updated", azm_clock_wall_us());
    azm_object_bool(json, "ended", ended);
    put_time(json, "last_event", feed->news.event_us);
    put_ring(json, feed, &ring);
    put_blind(json, &feed->news.report);
    azm_object_number(json, "events", (int64_t)feed->counts.events);
    azm_object_number(json, "delivered", (int64_t)feed->counts.delivered);
    azm_object_number(json, "unsampled", (int64_t)feed->counts.unsampled);
    azm_object_number(json, "requests", (int64_t)feed->counts.requests);
    azm_object_number(json, "bytes_out", (int64_t)feed->counts.bytes_out);
    azm_object_number(json, "taken_over", (int64_t)feed->counts.taken_over);
    azm_object_number(json, "spooled", (int64_t)feed->counts.spooled);
    put_waiting(json, feed);
    put_dropped(json, feed, &ring);
    put_answers(json, feed);
    put_destination(json, "destination", feed, AZM_SIGNAL_TRACES);
    put_destination(json, "logs_destination", feed, AZM_SIGNAL_LOGS);
    put_spool(json, feed);
    azm_problems_put(json, feed, &ring);
    azm_object_close(json, mark);
}

/* The instance's name is a host's or a setting's: only what is harmless in a file's name. */
static void file_name(const struct azm_feed *feed, char *out, size_t size)
{
    char instance[65];
    size_t n = azm_slice_copy(feed->source.node_name, instance, sizeof instance);
    for (size_t i = 0; i < n; i++) {
        char c = instance[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-'))
            instance[i] = '_';
    }
    snprintf(out, size, "%s-%u.json", n ? instance : "local", (unsigned)azm_ring_stats(&feed->reader).pid);
}

/* Renamed into place, but not synced: it is news, and a disk may be slow. */
static void write_file(const char *path, azm_slice text)
{
    char beside[720];
    snprintf(beside, sizeof beside, "%s.tmp", path);
    FILE *file = fopen(beside, "wb");
    if (!file)
        return;
    bool ok = fwrite(text.ptr, 1, text.len, file) == text.len;
    ok = fclose(file) == 0 && ok;
    if (!ok || azm_file_rename(beside, path, NULL) != AZM_OK)
        azm_file_remove(beside, NULL);
}

void azm_status_write(const char *run_dir, struct azm_feed *feed, int64_t now_us, bool ended)
{
    char path[700], name[96];
    struct azm_buf text;
    struct azm_json_writer json = azm_json_writer(&text);
    if (!ended && (now_us - feed->status_us < EVERY_US || !(feed->has_source || feed->news.has_report)))
        return;
    feed->status_us = now_us;
    snprintf(path, sizeof path, "%s/status", run_dir);
    if (azm_private_dir_make(path, NULL) != AZM_OK)
        return;
    azm_buf_init(&text, FULL_MAX);
    azm_status_put(&json, feed, ended);
    azm_json_end_line(&json);
    file_name(feed, name, sizeof name);
    snprintf(path, sizeof path, "%s/status/%s", run_dir, name);
    if (!text.failed)
        write_file(path, azm_buf_slice(&text));
    azm_buf_dispose(&text);
}

static bool remove_old(void *self, azm_slice name)
{
    char path[900];
    struct azm_file_info info;
    snprintf(path, sizeof path, "%s/%.*s", (const char *)self, AZM_FMT(azm_slice_take(name, 255)));
    if (azm_file_info(path, &info, NULL) == AZM_OK && info.kind == AZM_FILE_REGULAR &&
        azm_clock_wall_us() - info.modified_us > KEEP_US)
        azm_file_remove(path, NULL);
    return true;
}

void azm_status_clean(const char *run_dir)
{
    char path[600];
    struct azm_error err;
    snprintf(path, sizeof path, "%s/status", run_dir);
    if (azm_dir_list(path, remove_old, path, &err) != AZM_OK)
        return; /* none were written yet */
}
