/* What GET /api/live tells one client: traces as they become known, as server-sent events. docs/API.md describes them;
 * the format is WHATWG HTML's, "Server-sent events". */
#pragma once

#include "base/buf.h"
#include "hub/query/params.h"

enum { AZM_LIVE_TAKES = AZM_TAKES_SERVICE, AZM_LIVE_PER_SECOND = 50 };

enum { AZM_LIVE_REMEMBERED = 1024, AZM_LIVE_SILENCE_US = 15 * 1000000 };

/* Where a client stands. Begins with cursor, service and told_us; the rest is zero. */
struct azm_live_place {
    int64_t cursor;    /* change of the last trace it was told of */
    azm_slice service; /* len 0: all */
    int64_t told_us;   /* when it was last told something */
    int64_t second_us; /* when its second began */
    int64_t in_second; /* traces in that second */
    /* Hashes of the last trace ids, because a trace changes when its first transaction comes late. */
    uint64_t told[AZM_LIVE_REMEMBERED];
    size_t told_count;
};

/* Adds what became known since then, up to last_change, which azm_reader_last_change has told: AZM_LIVE_PER_SECOND
 * traces in a second, the newest, and how many were skipped. Or a comment after so long a silence. now_us: any clock
 * that goes forward. On failure the place stays where it was. */
enum azm_status azm_live_tell(struct azm_reader *reader, struct azm_live_place *place, int64_t last_change,
                              int64_t now_us, struct azm_buf *out, struct azm_error *err) AZM_MUST_CHECK;
/* Where the client stands, so that it can go on from there even when nothing has come. */
void azm_live_tell_place(const struct azm_live_place *place, struct azm_buf *out);
