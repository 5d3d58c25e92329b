#include "base/time.h"
#include "hub/query/answer.h"
#include "hub/query/overview.h"
#include "hub/query/process.h"
#include "hub/store/read_sums.h"

static const int64_t day_us = 86400000000;
enum { INSTANCES_MAX = 1000, DATE_TEXT = 10, USAGE_DAYS = 30 };

static bool add_instance(void *self, const struct azm_process_row *row)
{
    struct azm_json_writer *json = self;
    azm_json_open_object(json);
    azm_answer_int(json, AZM_S("resource"), row->id);
    azm_json_string(azm_json_key(json, AZM_S("service")), row->service);
    azm_answer_text(json, AZM_S("environment"), row->environment);
    azm_answer_text(json, AZM_S("node"), row->node);
    azm_process_answer(json, row->agent, row->metadata, true);
    azm_answer_int(json, AZM_S("first_us"), row->first_us);
    azm_answer_int(json, AZM_S("last_us"), row->last_us);
    azm_answer_int(json, AZM_S("events"), row->events);
    azm_answer_int(json, AZM_S("coldstarts"), row->coldstarts);
    if (row->memory_us) {
        azm_answer_int(json, AZM_S("memory_bytes"), row->memory_bytes);
        azm_answer_int(json, AZM_S("memory_at_us"), row->memory_us);
    }
    azm_json_close_object(json);
    return !json->out->failed;
}

enum azm_status azm_query_instances(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                                    struct azm_error *err)
{
    struct azm_json_writer json = azm_json_writer(out);
    int64_t since_us, until_us;
    azm_answer_range(params, day_us, &since_us, &until_us);
    azm_json_open_object(&json);
    azm_json_open_array(azm_json_key(&json, AZM_S("instances")));
    enum azm_status status = azm_reader_process_rows(reader, params->event.service, since_us, until_us, INSTANCES_MAX,
                                                     add_instance, &json, err);
    azm_json_close_array(&json);
    azm_answer_int(&json, AZM_S("since_us"), since_us);
    azm_answer_int(&json, AZM_S("until_us"), until_us);
    azm_json_close_object(&json);
    return azm_answer_done(out, status, err);
}

static bool add_usage(void *self, const struct azm_usage_row *row)
{
    struct azm_json_writer *json = self;
    char date[AZM_TIME_TEXT];
    azm_time_format(row->day * day_us, date);
    azm_json_open_object(json);
    azm_answer_text(json, AZM_S("day"), azm_slice_of(date, DATE_TEXT));
    azm_json_string(azm_json_key(json, AZM_S("service")), row->service);
    azm_answer_int(json, AZM_S("transactions"), row->transactions);
    azm_answer_int(json, AZM_S("spans"), row->spans);
    azm_answer_int(json, AZM_S("errors"), row->errors);
    azm_answer_int(json, AZM_S("logs"), row->logs);
    azm_answer_int(json, AZM_S("samples"), row->samples);
    azm_answer_int(json, AZM_S("bytes"), row->bytes);
    azm_answer_int(json, AZM_S("instances"), row->processes);
    azm_answer_int(json, AZM_S("memory_bytes"), row->memory_bytes);
    azm_json_close_object(json);
    return !json->out->failed;
}

enum azm_status azm_query_usage(struct azm_reader *reader, const struct azm_params *params, struct azm_buf *out,
                                struct azm_error *err)
{
    struct azm_json_writer json = azm_json_writer(out);
    int64_t since_us, until_us;
    azm_answer_range(params, USAGE_DAYS * day_us, &since_us, &until_us);
    azm_json_open_object(&json);
    azm_json_open_array(azm_json_key(&json, AZM_S("usage")));
    enum azm_status status = azm_reader_usage(reader, params->event.service, since_us, until_us, add_usage, &json, err);
    azm_json_close_array(&json);
    azm_json_close_object(&json);
    return azm_answer_done(out, status, err);
}
