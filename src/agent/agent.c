#include "agent/agent.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/folder.h"
#include "agent/handover.h"
#include "agent/log_file.h"
#include "agent/status.h"
#include "export/http.h"
#include "os/clock.h"
#include "os/daemon.h"
#include "os/self.h"

#define POLL_MIN_US 5000
#define POLL_MAX_US 250000
#define SCAN_US     250000
#define ASKED_US    1000000
#define CLEAN_US    (INT64_C(3600) * 1000000)
#define FAREWELL_US 3000000 /* for the last requests, when it ends */

struct agent {
    const struct azm_agent_options *options;
    struct azm_mailbox mailbox;
    struct azm_spool *spool; /* NULL: there is none */
    struct azm_routes routes;
    struct azm_feed_tools tools;
    struct azm_folder folder;
    int64_t scan_us, asked_us, clean_us; /* when next */
    int64_t record_us;                   /* the last record came */
    int64_t useful_us;                   /* there was a reason to live */
    struct azm_feed_counts gone;         /* what became of batches whose ring is gone */
};

static struct azm_feed *find_feed(struct agent *agent, const char *ring)
{
    struct azm_feed *feed = agent->folder.feeds;
    while (feed && strcmp(feed->name, ring) != 0)
        feed = feed->next;
    return feed;
}

static void take_news(struct agent *agent, struct azm_bundle *news)
{
    struct azm_feed *feed = find_feed(agent, news->ring);
    azm_counts_settle(feed ? &feed->counts : &agent->gone, news);
    azm_bundle_free(news);
}

static void lost(void *self, const char *ring, uint64_t events, enum azm_loss loss)
{
    struct agent *agent = self;
    azm_mailbox_tell(&agent->mailbox, ring, AZM_SIGNAL_TRACES, events, AZM_FATE_LOST, loss, NULL);
}

static void write_status(void *self, struct azm_feed *feed)
{
    struct agent *agent = self;
    azm_feed_sum_up(feed);
    azm_status_write(agent->options->run_dir, feed, azm_clock_mono_us(), true);
}

/* Hands answered bundles back to their feeds; waits for some up to the deadline. */
static void collect(struct agent *agent, int64_t deadline_us)
{
    struct azm_bundle *bundle = azm_mailbox_take(&agent->mailbox, deadline_us);
    while (bundle) {
        struct azm_bundle *next = bundle->next;
        if (bundle->feed)
            azm_feed_answered(bundle->feed, bundle); /* may free it */
        else
            take_news(agent, bundle);
        agent->useful_us = azm_clock_mono_us();
        bundle = next;
    }
}

static void read_rings(struct agent *agent, int64_t now_us)
{
    for (struct azm_feed *feed = agent->folder.feeds; feed; feed = feed->next) {
        if (azm_feed_read(feed, now_us))
            agent->record_us = now_us;
        azm_feed_flush(feed, now_us, false);
        azm_feed_tick(feed, now_us);
        azm_status_write(agent->options->run_dir, feed, now_us, false);
        if (!feed->dead)
            agent->useful_us = now_us;
    }
}

static void scan_folder(struct agent *agent, int64_t now_us)
{
    if (now_us < agent->scan_us)
        return;
    agent->scan_us = now_us + SCAN_US;
    azm_folder_scan(&agent->folder, now_us);
    azm_folder_clean(&agent->folder, write_status, agent);
    azm_routes_tidy(&agent->routes, now_us);
    if (now_us >= agent->clean_us) {
        agent->clean_us = now_us + CLEAN_US;
        azm_status_clean(agent->options->run_dir);
    }
}

/* The reason to end, or NULL. */
static const char *over(struct agent *agent, int64_t now_us)
{
    if (azm_daemon_stop_asked())
        return "asked to end";
    if (now_us - agent->useful_us >= agent->options->idle_us)
        return "nothing to do";
    if (agent->folder.gone && !agent->folder.feeds)
        return "the run folder is gone";
    if (now_us < agent->asked_us)
        return NULL;
    agent->asked_us = now_us + ASKED_US;
    return azm_handover_asked(agent->options->run_dir, AZM_VERSION) ? "a newer agent takes over" : NULL;
}

static int64_t next_look(const struct agent *agent, int64_t now_us)
{
    int64_t pause_us = (now_us - agent->record_us) / 4;
    if (pause_us < POLL_MIN_US)
        pause_us = POLL_MIN_US;
    return now_us + (pause_us < POLL_MAX_US ? pause_us : POLL_MAX_US);
}

static const char *work(struct agent *agent)
{
    for (;;) {
        int64_t now_us = azm_clock_mono_us();
        scan_folder(agent, now_us);
        read_rings(agent, now_us);
        const char *reason = over(agent, now_us);
        if (reason)
            return reason;
        collect(agent, next_look(agent, now_us));
    }
}

/* True: something was read. */
static bool read_all(struct agent *agent, int64_t now_us)
{
    bool any = false;
    for (struct azm_feed *feed = agent->folder.feeds; feed; feed = feed->next) {
        any = azm_feed_read(feed, now_us) || any;
        azm_feed_flush(feed, now_us, true);
        azm_feed_tick(feed, now_us);
    }
    return any;
}

static void last_status(struct agent *agent)
{
    for (struct azm_feed *feed = agent->folder.feeds; feed; feed = feed->next) {
        feed->status_us = 0;
        azm_status_write(agent->options->run_dir, feed, azm_clock_mono_us(), false);
    }
    azm_folder_clean(&agent->folder, write_status, agent);
}

/* So that the log alone tells what became of every event, when the last status file is gone. */
static void sum_up(const struct agent *agent)
{
    for (const struct azm_feed *feed = agent->folder.feeds; feed; feed = feed->next)
        azm_feed_sum_up(feed);
    if (agent->gone.requests || agent->gone.in_spool)
        azm_log(INFO, AGENT, "of rings that are gone: %llu events delivered, %llu rejected",
                (unsigned long long)agent->gone.delivered, (unsigned long long)agent->gone.rejected);
    if (agent->spool && azm_spool_state(agent->spool).batches)
        azm_log(INFO, EXPORT, "%llu events wait in the spool",
                (unsigned long long)azm_spool_state(agent->spool).events);
}

/* Everything that is in the rings goes out, as far as there is time; no attempt is repeated. */
static void farewell(struct agent *agent)
{
    int64_t now_us = azm_clock_mono_us(), deadline_us = now_us + FAREWELL_US;
    azm_routes_hurry(&agent->routes);
    azm_folder_scan(&agent->folder, now_us);
    while ((read_all(agent, now_us) || azm_routes_busy(&agent->routes)) && now_us < deadline_us) {
        collect(agent, now_us + POLL_MIN_US);
        now_us = azm_clock_mono_us();
    }
    azm_routes_stop(&agent->routes);
    collect(agent, 0);
    last_status(agent);
    sum_up(agent);
}

static void open_spool(struct agent *agent)
{
    const struct azm_agent_options *options = agent->options;
    struct azm_error err = {AZM_OK, ""};
    if (options->output || !options->spool_bytes)
        return;
    agent->spool = azm_spool_open(options->run_dir, options->spool_bytes, lost, agent, &err);
    if (!agent->spool) {
        azm_log(WARN, EXPORT, "doctor: there is no spool, events stay in the rings while a server is away: %s",
                err.text);
        return;
    }
    struct azm_spool_state state = azm_spool_state(agent->spool);
    if (state.batches)
        azm_log(INFO, EXPORT, "%llu events of earlier agents wait in the spool", (unsigned long long)state.events);
}

static enum azm_status serve(const struct azm_agent_options *options, struct azm_error *err)
{
    struct agent *agent = calloc(1, sizeof *agent);
    if (!agent)
        return azm_fail(err, AZM_NO_MEMORY, "no memory to begin");
    agent->options = options;
    agent->useful_us = azm_clock_mono_us();
    azm_mailbox_init(&agent->mailbox);
    azm_feed_tools_init(&agent->tools, &agent->routes);
    azm_folder_init(&agent->folder, options->run_dir, &agent->tools);
    open_spool(agent);
    enum azm_status status = azm_routes_init(&agent->routes, &agent->mailbox, agent->spool, options->output, err);
    if (status == AZM_OK) {
        azm_routes_resume(&agent->routes, agent->useful_us);
        const char *reason = work(agent);
        farewell(agent);
        azm_log(INFO, AGENT, "ended: %s", reason);
    }
    azm_folder_dispose(&agent->folder);
    azm_routes_dispose(&agent->routes);
    azm_spool_close(agent->spool);
    azm_feed_tools_dispose(&agent->tools);
    azm_mailbox_dispose(&agent->mailbox);
    free(agent);
    return status;
}

static enum azm_status open_log(const struct azm_agent_options *options, struct azm_error *err)
{
    char path[640], head[1024], output[300] = "";
    if (options->output)
        snprintf(output, sizeof output, ", output=%.250s", options->output);
    snprintf(path, sizeof path, "%s/agent.log", options->run_dir);
    snprintf(head, sizeof head, "azimuth agent %s, process %u\nrun_dir=%s, idle_seconds=%lld%s\n", AZM_VERSION,
             (unsigned)azm_self_pid(), options->run_dir, (long long)(options->idle_us / 1000000), output);
    return azm_log_file_open(path, options->log_level, head, options->log_to_stderr, err);
}

enum azm_status azm_agent_run(const struct azm_agent_options *options, struct azm_error *err)
{
    azm_daemon_watch_stop();
    struct azm_error why = {AZM_OK, ""};
    struct azm_lock *lock = azm_handover_begin(options->run_dir, AZM_VERSION, &why);
    if (!lock)
        return azm_fail(err, why.status, "%s", why.text);
    enum azm_status status = open_log(options, err);
    if (status == AZM_OK)
        status = azm_http_setup(err);
    if (status == AZM_OK) {
        status = serve(options, err);
        if (status != AZM_OK && err)
            azm_log(ERROR, AGENT, "doctor: the agent cannot work: %s", err->text);
        azm_log_file_close();
    }
    azm_lock_release(lock);
    return status;
}
