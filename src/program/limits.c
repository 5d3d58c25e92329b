#include "program/limits.h"

#include <inttypes.h>
#include <stdio.h>

#include "agent/agent.h"
#include "agent/feed.h"
#include "agent/log_file.h"
#include "agent/spool.h"
#include "base/attr.h"
#include "export/backoff.h"
#include "export/elastic.h"
#include "export/object.h"
#include "http/head.h"
#include "tap/early.h"
#include "tap/functions.h"
#include "tap/invocations.h"
#include "tap/logs.h"
#include "tap/refusals.h"
#include "trace/functions_metadata.h"
#include "trace/otel_list.h"
#include "trace/stack.h"

const struct azm_limit azm_limit_table[] = {
    {"open invocations of a worker", AZM_INVOCATIONS_MAX, AZM_LIMIT_COUNT, "not recorded, counted"},
    {"functions of an app", AZM_FUNCTIONS_MAX, AZM_LIMIT_COUNT, "recorded under their ids"},
    {"errors of functions that cannot be loaded, of a process", AZM_REFUSALS_TOLD, AZM_LIMIT_COUNT, "only counted"},
    {"logs of a worker in a second", AZM_LOGS_PER_SECOND, AZM_LIMIT_COUNT, "left out, counted"},
    {"logs and errors that wait for the ring", AZM_EARLY_MAX, AZM_LIMIT_BYTES, "left out; logs counted"},
    {"text kept of an open invocation", AZM_INVOCATION_TEXT, AZM_LIMIT_BYTES, "cut"},
    {"messages of a batch that are looked at", AZM_LINKS_MAX, AZM_LIMIT_COUNT, "no span link"},
    {"head of an HTTP message that is read", AZM_HTTP_HEAD_MAX, AZM_LIMIT_BYTES,
     "that connection is not looked at any more"},
    {"pairs of ELASTIC_APM_GLOBAL_LABELS", AZM_LABELS_MAX, AZM_LIMIT_COUNT, "left out"},
    {"length of ELASTIC_APM_GLOBAL_LABELS", AZM_LABELS_BYTES_MAX, AZM_LIMIT_BYTES, "left out"},
    {"pairs of a list of OpenTelemetry's", AZM_OTEL_LIST_MAX, AZM_LIMIT_COUNT, "the list is ignored"},
    {"length of a list of OpenTelemetry's", AZM_OTEL_LIST_BYTES_MAX, AZM_LIMIT_BYTES, "the list is ignored"},
    {"ring of a worker, on disk and in memory", AZM_RING_SIZE - AZM_RING_FRONT, AZM_LIMIT_BYTES,
     "the newest is dropped, counted"},
    {"record in a ring", AZM_RECORD_MAX, AZM_LIMIT_BYTES, "dropped, counted"},
    {"keyword field of an event", AZM_KEYWORD_MAX, AZM_LIMIT_CHARACTERS, "cut"},
    {"message of an exception", AZM_LONG_TEXT_MAX, AZM_LIMIT_CHARACTERS, "cut"},
    {"frames of a stack trace", AZM_FRAMES_MAX, AZM_LIMIT_COUNT, "the outermost are left out"},
    {"event for Elastic", AZM_ELASTIC_EVENT_MAX, AZM_LIMIT_BYTES, "dropped, counted"},
    {"wait of an event for others to go with", AZM_FEED_AGE_US / 1000, AZM_LIMIT_MS, "it is sent"},
    {"requests of a worker's events on their way", AZM_FEED_AHEAD, AZM_LIMIT_COUNT, "the rest waits in the ring"},
    {"attempts at a request that alone fails", AZM_SPOOL_STRIKES, AZM_LIMIT_COUNT, "its events are dropped, counted"},
    {"servers of one agent", AZM_ROUTES_MAX, AZM_LIMIT_COUNT, "their events are dropped, counted"},
    {"wait after a server's 401 or 403", AZM_BACKOFF_REFUSED_US / 1000, AZM_LIMIT_MS, "next attempt"},
    {"Retry-After that is obeyed", AZM_BACKOFF_RETRY_AFTER_US / 1000, AZM_LIMIT_MS, "next attempt"},
    {"agent without work", AZM_AGENT_IDLE_S * 1000u, AZM_LIMIT_MS,
     "it ends; the tap starts another when there is work"},
    {"the agent's log, and two older ones of that size", AZM_LOG_FILE_MAX, AZM_LIMIT_BYTES, "the oldest is dropped"},
};
const size_t azm_limit_count = AZM_COUNT(azm_limit_table);

static void grouped(uint64_t value, char *out, size_t size)
{
    if (value < 1000)
        snprintf(out, size, "%" PRIu64, value);
    else if (value < 1000000)
        snprintf(out, size, "%" PRIu64 ",%03" PRIu64, value / 1000, value % 1000);
    else
        snprintf(out, size, "%" PRIu64 ",%03" PRIu64 ",%03" PRIu64, value / 1000000, value / 1000 % 1000, value % 1000);
}

void azm_limit_text(const struct azm_limit *limit, char *out, size_t size)
{
    static const char *const words[] = {"", " bytes", " characters", " ms"};
    char number[48];
    uint64_t value = limit->value;
    const char *unit = words[limit->unit];
    if (limit->unit == AZM_LIMIT_BYTES && value % 1048576 == 0) {
        value /= 1048576;
        unit = " MiB";
    } else if (limit->unit == AZM_LIMIT_BYTES && value % 1024 == 0) {
        value /= 1024;
        unit = " KiB";
    } else if (limit->unit == AZM_LIMIT_MS && value % 1000 == 0) {
        value /= 1000;
        unit = " s";
    }
    grouped(value, number, sizeof number);
    snprintf(out, size, "%s%s", number, unit);
}
