#include "hub/query/status.h"

#include "hub/query/answer.h"
#include "hub/store/read_sums.h"

static azm_slice state_text(enum azm_status status)
{
    return status == AZM_OK ? AZM_S("ok") : status == AZM_FULL ? AZM_S("full") : AZM_S("failing");
}

/* What the last commit met; else what reading meets: without a commit nobody would know that the store is away. */
static struct azm_store_health health_of(struct azm_store *store, enum azm_status reading, const char *message)
{
    struct azm_store_health health = azm_store_health(store);
    if (health.status == AZM_OK && reading != AZM_OK) {
        health.status = reading;
        azm_slice_copy(azm_slice_str(message), health.message, sizeof health.message);
    }
    return health;
}

static void answer_store(struct azm_store *store, struct azm_store_health health, int64_t oldest_us, uint64_t bytes,
                         struct azm_json_writer *json)
{
    const struct azm_store_options *limits = azm_store_limits(store);
    azm_json_open_object(azm_json_key(json, AZM_S("store")));
    azm_answer_text(json, AZM_S("kind"), azm_slice_str(azm_store_kind_name(store)));
    azm_answer_text(json, AZM_S("path"), azm_slice_str(azm_store_path(store)));
    azm_json_uint(azm_json_key(json, AZM_S("bytes")), bytes);
    azm_json_uint(azm_json_key(json, AZM_S("max_bytes")), limits->max_bytes);
    azm_answer_int(json, AZM_S("max_age_us"), limits->max_age_us);
    azm_answer_int(json, AZM_S("oldest_us"), oldest_us);
    azm_answer_text(json, AZM_S("state"), state_text(health.status));
    azm_answer_text(json, AZM_S("message"), azm_slice_str(health.message));
    azm_json_close_object(json);
}

enum azm_status azm_query_status(struct azm_reader *reader, struct azm_store *store, struct azm_buf *out,
                                 struct azm_error *err)
{
    struct azm_json_writer json = azm_json_writer(out);
    struct azm_store_counters counters = azm_store_counters(store);
    int64_t oldest_us = 0;
    uint64_t bytes = 0;
    struct azm_error reading = {.text = ""};
    enum azm_status status = azm_reader_extent(reader, &oldest_us, &bytes, &reading);
    azm_json_open_object(&json);
    azm_answer_text(&json, AZM_S("version"), AZM_S(AZM_VERSION));
    answer_store(store, health_of(store, status, reading.text), oldest_us, bytes, &json);
    azm_json_open_object(azm_json_key(&json, AZM_S("ingest")));
    azm_json_uint(azm_json_key(&json, AZM_S("events")), counters.events);
    azm_json_uint(azm_json_key(&json, AZM_S("known")), counters.known);
    azm_json_uint(azm_json_key(&json, AZM_S("bytes")), counters.bytes);
    azm_json_uint(azm_json_key(&json, AZM_S("commits")), counters.commits);
    azm_json_uint(azm_json_key(&json, AZM_S("failed_batches")), counters.failed_batches);
    azm_json_close_object(&json);
    azm_json_close_object(&json);
    return azm_answer_done(out, AZM_OK, err);
}
