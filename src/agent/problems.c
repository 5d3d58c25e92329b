#include "agent/problems.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/time.h"

#define JUMP_SHOWN_US 1000

static const char *level_name(enum azm_problem_level level)
{
    switch (level) {
    case AZM_PROBLEM_INFO: return "info";
    case AZM_PROBLEM_WARNING: return "warning";
    case AZM_PROBLEM_ERROR: return "error";
    }
    azm_unreachable();
}

void azm_problem_put(struct azm_json_writer *json, const struct azm_problem *problem)
{
    struct azm_object_mark mark = azm_object_open(json, NULL);
    azm_object_text(json, "code", azm_slice_str(problem->code));
    azm_object_text(json, "level", azm_slice_str(level_name(problem->level)));
    azm_object_text(json, "text", azm_slice_str(problem->text));
    if (problem->mend[0])
        azm_object_text(json, "mend", azm_slice_str(problem->mend));
    azm_object_close(json, mark);
}

/* --- deliveries --- */

/* The first row that fits. In mend, %s is the setting that names the server. */
static const struct {
    unsigned first, last; /* HTTP status; 0: there was no answer */
    const char *said;     /* part of what the client says; NULL: anything */
    enum { ANY, ELASTIC, OTLP } kind;
    enum azm_problem_level level;
    const char *code, *mend;
} refusals[] = {
    {401, 401, NULL, ELASTIC, AZM_PROBLEM_ERROR, "unauthorized",
     "set ELASTIC_APM_SECRET_TOKEN or ELASTIC_APM_API_KEY to what this server accepts"},
    {403, 403, NULL, ELASTIC, AZM_PROBLEM_ERROR, "forbidden",
     "give the key of ELASTIC_APM_API_KEY the privilege to write events, or set ELASTIC_APM_SECRET_TOKEN"},
    {401, 403, NULL, OTLP, AZM_PROBLEM_ERROR, "unauthorized",
     "set OTEL_EXPORTER_OTLP_HEADERS to what this server wants, such as authorization=Bearer%%20TOKEN"},
    {402, 402, NULL, ANY, AZM_PROBLEM_ERROR, "unauthorized", "see to the account at this server"},
    {404, 405, NULL, ELASTIC, AZM_PROBLEM_ERROR, "wrong_address",
     "set %s to the root of an APM Server; /intake/v2/events is added to it"},
    {404, 405, NULL, OTLP, AZM_PROBLEM_ERROR, "wrong_address",
     "set OTEL_EXPORTER_OTLP_ENDPOINT to the root of an OTLP/HTTP server (usually port 4318); v1/traces is added to "
     "it"},
    {407, 407, NULL, ANY, AZM_PROBLEM_ERROR, "proxy", "give user and password in HTTPS_PROXY or HTTP_PROXY"},
    {429, 429, NULL, ANY, AZM_PROBLEM_WARNING, "server_busy",
     "nothing, if it passes; else the server's rate limit is low"},
    {500, 599, NULL, ANY, AZM_PROBLEM_WARNING, "server_failing", "nothing here: the server's own log tells more"},
    {0, 0, "esolve", ANY, AZM_PROBLEM_ERROR, "unknown_host", "correct the host's name in %s, or this machine's DNS"},
    {0, 0, "certificate", ANY, AZM_PROBLEM_ERROR, "certificate",
     "name the server as its certificate does, or trust its authority: %c=FILE.pem"},
    {0, 0, "SSL", ANY, AZM_PROBLEM_ERROR, "tls", "look whether %s should begin with http:// or https://"},
    {0, 0, "TLS", ANY, AZM_PROBLEM_ERROR, "tls", "look whether %s should begin with http:// or https://"},
    {0, 0, "efused", ANY, AZM_PROBLEM_ERROR, "no_server",
     "start the server (azimuth hub, if it is that), or correct host and port in %s"},
    {0, 0, "onnect to", ANY, AZM_PROBLEM_ERROR, "no_server",
     "start the server (azimuth hub, if it is that), or correct host and port in %s"},
    {0, 0, "imed out", ANY, AZM_PROBLEM_ERROR, "timeout",
     "let this machine through to the server (firewall, proxy), or correct %s"},
    {0, 0, "imeout", ANY, AZM_PROBLEM_ERROR, "timeout",
     "let this machine through to the server (firewall, proxy), or correct %s"},
    {0, 0, "HTTP/0.9", ANY, AZM_PROBLEM_ERROR, "wrong_server",
     "correct %s: what answers there speaks no HTTP/1.1 (OTLP's gRPC port is 4317, that of HTTP 4318)"},
    {0, 599, NULL, ANY, AZM_PROBLEM_ERROR, "not_delivered", "look at the server in %s"},
};

static bool fits(size_t row, const struct azm_destination *destination, unsigned http_status, const char *said)
{
    bool otlp = destination->kind == AZM_DESTINATION_OTLP;
    return http_status >= refusals[row].first && http_status <= refusals[row].last &&
           (refusals[row].kind == ANY || (refusals[row].kind == OTLP) == otlp) &&
           (!refusals[row].said || strstr(said, refusals[row].said));
}

static void write_mend(struct azm_problem *out, const char *form, const struct azm_destination *destination)
{
    bool otlp = destination->kind == AZM_DESTINATION_OTLP;
    struct azm_buf mend;
    azm_buf_init_fixed(&mend, out->mend, sizeof out->mend - 1);
    for (const char *at = form; *at; at++) {
        if (*at != '%') {
            azm_buf_add_byte(&mend, *at);
            continue;
        }
        at++;
        if (*at == 's')
            azm_buf_add_str(&mend, otlp ? "OTEL_EXPORTER_OTLP_ENDPOINT" : "ELASTIC_APM_SERVER_URL");
        else if (*at == 'c')
            azm_buf_add_str(&mend, otlp ? "OTEL_EXPORTER_OTLP_CERTIFICATE" : "ELASTIC_APM_SERVER_CA_CERT_FILE");
        else
            azm_buf_add_byte(&mend, *at);
    }
    out->mend[mend.len] = 0;
}

void azm_problem_of_delivery(struct azm_problem *out, const struct azm_destination *destination, const char *url,
                             unsigned http_status, const char *said)
{
    size_t row = 0;
    while (row + 1 < AZM_COUNT(refusals) && !fits(row, destination, http_status, said))
        row++;
    *out = (struct azm_problem){.code = refusals[row].code, .level = refusals[row].level};
    snprintf(out->text, sizeof out->text, "%.200s" AZM_PROBLEM_KEPT "%.256s", url, said);
    write_mend(out, refusals[row].mend, destination);
}

/* --- the rest --- */

static void put(struct azm_json_writer *json, const char *code, enum azm_problem_level level, const char *text,
                const char *mend)
{
    struct azm_problem problem = {.code = code, .level = level};
    snprintf(problem.text, sizeof problem.text, "%s", text);
    snprintf(problem.mend, sizeof problem.mend, "%s", mend);
    azm_problem_put(json, &problem);
}

static void put_counted(struct azm_json_writer *json, uint64_t count, const char *code, const char *form,
                        const char *mend)
{
    char text[200];
    int n = snprintf(text, sizeof text, "%" PRIu64 " %s", count, form);
    if (count && n > 0)
        put(json, code, AZM_PROBLEM_WARNING, text, mend);
}

static void put_spool(struct azm_json_writer *json, const struct azm_feed *feed)
{
    struct azm_spool *spool = feed->tools ? feed->tools->routes->spool : NULL;
    char text[400];
    put_counted(json, feed->counts.lost[AZM_LOSS_SPOOL_FULL], "spool_full",
                "events were dropped, the oldest first: the spool is full",
                "see to the server; it was away for too long");
    put_counted(json, feed->counts.lost[AZM_LOSS_DAMAGED], "spool_damaged",
                "events in the spool cannot be read any more", "see to the disk of the run folder");
    put_counted(json, feed->counts.lost[AZM_LOSS_POISONED], "poisoned",
                "events were dropped: the server failed over them again and again, and took others",
                "see the server's own log");
    if (!spool)
        return;
    struct azm_spool_state state = azm_spool_state(spool);
    snprintf(text, sizeof text, "nothing can be kept on disk while the server is away: %s", state.problem);
    if (state.failing)
        put(json, "spool_failing", AZM_PROBLEM_WARNING, text,
            "make room for it, or name another folder: AZIMUTH_RUN_DIR=DIR");
}

#define TELL_US "record it (azimuth record --help) and send the recording to Azimuth's makers"

static void put_drops(struct azm_json_writer *json, const struct azm_feed *feed, const struct azm_ring_stats *ring)
{
    put_counted(json, ring->dropped[AZM_RING_DROP_FULL], "ring_full",
                "events found no room in the ring: the agent was away, or the server too slow",
                "see to the agent and to the server, if either has a problem here; else nothing");
    put_counted(json, ring->dropped[AZM_RING_DROP_TOO_BIG], "too_big", "events were left out: larger than 64 KiB",
                "shorten what is captured: ELASTIC_APM_CAPTURE_HEADERS=false");
    put_counted(json, ring->dropped[AZM_RING_DROP_POOL], "too_many_open",
                "invocations were not seen: more than 4,096 were open at once", "");
    put_counted(json, feed->counts.malformed, "unreadable", "records of its ring cannot be read",
                "let tap and agent be of one version");
    put_counted(json, feed->counts.rejected, "rejected", "events were rejected by the server, they are lost",
                feed->counts.last_answer[AZM_SIGNAL_LOGS].http_status == 404
                    ? "set OTEL_LOGS_EXPORTER=none, if this server takes traces alone"
                    : "see the answer under destination or logs_destination, and the server's own log");
    put_counted(json, feed->streams[AZM_SIGNAL_TRACES].route ? feed->counts.unsendable : 0, "unsendable",
                "events were left out: too large for a request", "");
}

static void put_side(struct azm_json_writer *json, const struct azm_report_side *side, const char *whose)
{
    char text[400], when[AZM_TIME_TEXT];
    if (side->blind) {
        azm_time_format(side->blind_since_us, when);
        snprintf(text, sizeof text, "%u connections pass unseen, the first since %s, because of the %s's bytes: %.*s",
                 (unsigned)side->blind, when, whose, AZM_FMT(azm_slice_take(side->blind_reason, 200)));
        put(json, "blind", AZM_PROBLEM_ERROR, text, "restart the app; if it comes again, " TELL_US);
    }
    snprintf(text, sizeof text, "messages of the %s made no sense; they were passed on and not understood", whose);
    put_counted(json, side->malformed, "malformed", text, TELL_US);
}

static void put_clock(struct azm_json_writer *json, const struct azm_report *report)
{
    char text[300], when[AZM_TIME_TEXT];
    bool back = report->clock_jump_us < 0;
    if (!report->clock_jumps)
        return;
    azm_time_format(report->clock_jumped_us, when);
    uint64_t far_us = back ? -(uint64_t)report->clock_jump_us : (uint64_t)report->clock_jump_us;
    snprintf(text, sizeof text,
             "the machine's clock jumped %s by %" PRIu64
             " ms at %s (%u times in all): events begun before it are dated by "
             "the old clock; durations are right",
             back ? "back" : "ahead", far_us / JUMP_SHOWN_US, when, (unsigned)report->clock_jumps);
    /* Ahead is what a machine does that slept. */
    put(json, "clock_jump", back ? AZM_PROBLEM_WARNING : AZM_PROBLEM_INFO, text,
        back ? "let the machine's clock be kept by NTP" : "");
}

/* What the worker said no to: the first of it, and how much more. */
static void put_refused(struct azm_json_writer *json, const struct azm_report *report)
{
    char text[300];
    uint32_t others = report->refused - 1;
    if (!report->refused)
        return;
    int n = snprintf(text, sizeof text, "%.*s", AZM_FMT(azm_slice_take(report->refusal, 220)));
    if (others && n > 0)
        snprintf(text + n, sizeof text - (size_t)n, "; and %u more", (unsigned)others);
    put(json, "not_loaded", AZM_PROBLEM_ERROR, text,
        "mend what the language worker says (its error is sent, with the stack), and deploy the app again");
}

/* It is told in one sentence, however many there are. */
static bool is_of_refusal(const char *note)
{
    return strstr(note, " could not be loaded") || strstr(note, " could not be indexed");
}

static void put_report(struct azm_json_writer *json, const struct azm_report *report)
{
    char text[160];
    put_side(json, &report->worker, "worker");
    put_side(json, &report->host, "host");
    put_clock(json, report);
    put_refused(json, report);
    put_counted(
        json, report->bad_bindings, "bad_bindings",
        "of the app's host.json, function.json or bindings are no JSON; what they tell is left out of the events",
        "correct these files, or what generates them");
    snprintf(text, sizeof text, "only the first %u functions are known; others are traced by their ids alone",
             (unsigned)report->functions);
    if (report->functions_full)
        put(json, "too_many_functions", AZM_PROBLEM_WARNING, text, "split the app, if it has so many functions");
}

/* Lines of the writer; most are of its settings. A reason for blindness is told above. */
static void put_notes(struct azm_json_writer *json, const struct azm_news *news)
{
    for (size_t i = 0; i < news->note_count; i++) {
        azm_slice note = azm_slice_str(news->notes[i]);
        bool setting = strstr(news->notes[i], " is ignored: expected ") != NULL;
        if (azm_slice_eq(note, news->report.worker.blind_reason) || azm_slice_eq(note, news->report.host.blind_reason))
            continue;
        if (news->report.refused && is_of_refusal(news->notes[i]))
            continue;
        put(json, setting ? "bad_setting" : "note", AZM_PROBLEM_WARNING, news->notes[i],
            setting ? "correct or remove the setting, and restart the app" : "");
    }
}

static void put_stream(struct azm_json_writer *json, const struct azm_stream *stream,
                       const struct azm_destination *destination)
{
    if (!stream->route && stream->unroutable[0])
        put(json, "no_destination", AZM_PROBLEM_ERROR, stream->unroutable,
            "set ELASTIC_APM_SERVER_URL or OTEL_EXPORTER_OTLP_ENDPOINT to an address, and restart the app");
    if (!stream->route)
        return;
    struct azm_delivery_state state = azm_route_state(stream->route);
    struct azm_problem problem;
    if (!state.failing)
        return;
    azm_problem_of_delivery(&problem, destination, stream->route->name, state.http_status, state.problem);
    azm_problem_put(json, &problem);
}

void azm_problems_put(struct azm_json_writer *json, const struct azm_feed *feed, const struct azm_ring_stats *ring)
{
    struct azm_object_mark mark = azm_object_open_list(json, "problems");
    put_stream(json, &feed->streams[AZM_SIGNAL_TRACES], &feed->source.destination);
    put_stream(json, &feed->streams[AZM_SIGNAL_LOGS], &feed->source.logs);
    put_drops(json, feed, ring);
    put_spool(json, feed);
    if (feed->news.has_report)
        put_report(json, &feed->news.report);
    put_notes(json, &feed->news);
    azm_object_close_list(json, mark);
}
