/* How events become a request to one kind of server: one const struct per format, and per address where a server has
 * several (OTLP's traces go to one, its logs to another, each in bodies of their own). No state, no I/O, any thread. */
#pragma once

#include "base/buf.h"
#include "export/reply.h"
#include "trace/source.h"

/* A server has one address for each; Elastic's takes everything at the first. */
enum azm_signal { AZM_SIGNAL_TRACES, AZM_SIGNAL_LOGS };
#define AZM_SIGNALS 2u

struct azm_exporter_kind {
    const char *name;
    enum azm_signal signal;
    const char *content_type, *accept;
    bool sampled_only; /* transactions that are not sampled are not for this server */
    /* Append where requests go, and the User-Agent they carry. */
    void (*url)(struct azm_buf *out, const struct azm_destination *destination);
    void (*user_agent)(struct azm_buf *out, const struct azm_source *source);
    /* A body is begin once, on an empty buf, any number of transactions, end once. Each appends; out->failed past its
     * ceiling. A transaction is one event or several (an error of its own for its exception): returns how many. What an
     * event lacks to be valid at all is supplied or, where that is impossible, the event is left out. */
    void (*begin)(struct azm_buf *out, const struct azm_source *source);
    unsigned (*transaction)(struct azm_buf *out, const struct azm_transaction *transaction); /* NULL: none goes here */
    /* An error of no invocation. Returns how many events, 0 where it has no place. NULL: it never has. */
    unsigned (*error)(struct azm_buf *out, const struct azm_error_event *error);
    unsigned (*log)(struct azm_buf *out, const struct azm_log_event *log); /* the same of a log */
    void (*end)(struct azm_buf *out);
    void (*reply)(unsigned http_status, azm_slice body, uint64_t events, struct azm_reply *out);
    /* A finished body as two, for a server that finds it too large: halves (empty bufs) and how many events are in
     * each. False: it cannot be. May be NULL. */
    bool (*halve)(azm_slice body, struct azm_buf halves[2], uint64_t events[2]);
};

extern const struct azm_exporter_kind azm_exporter_elastic, azm_exporter_otlp, azm_exporter_otlp_json,
    azm_exporter_otlp_logs, azm_exporter_otlp_logs_json;

/* The exporter for a destination; NULL for one that nothing is sent to, or nothing of that signal alone. */
const struct azm_exporter_kind *azm_exporter_for(const struct azm_destination *destination, enum azm_signal signal);
/* The one of this name, which a body on disk carries; NULL: there is none. */
const struct azm_exporter_kind *azm_exporter_named(const char *name);
/* Appends url with path below it: without query and fragment, and with one slash between. */
void azm_exporter_url(struct azm_buf *out, azm_slice url, const char *path);
