#include "hub/query/filter.h"

#include "base/time.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 1000 };

void azm_filter_init(struct azm_trace_filter *filter)
{
    *filter = (struct azm_trace_filter){.limit = LIMIT_DEFAULT};
}

static bool number(azm_slice text, uint64_t most, int64_t *out)
{
    uint64_t value;
    if (azm_slice_to_u64(text, &value) != AZM_OK || value > most)
        return false;
    *out = (int64_t)value;
    return true;
}

static bool age(azm_slice text, int64_t now_us, int64_t *out)
{
    static const struct {
        char unit;
        int64_t us;
    } units[] = {{'s', 1000000}, {'m', 60000000}, {'h', 3600000000}, {'d', 86400000000}};
    int64_t count;
    for (size_t i = 0; i < AZM_COUNT(units); i++) {
        if (text.len < 2 || text.ptr[text.len - 1] != units[i].unit)
            continue;
        if (!number(azm_slice_take(text, text.len - 1), 100000000, &count))
            return false;
        *out = now_us - count * units[i].us;
        *out = *out > 0 ? *out : 1;
        return true;
    }
    return false;
}

static enum azm_status bad(azm_slice name, azm_slice value, const char *expected, struct azm_error *err)
{
    value = azm_slice_take(value, 60);
    return azm_fail(err, AZM_BAD_INPUT, "%.*s=%.*s: expected %s", AZM_FMT(name), AZM_FMT(value), expected);
}

enum azm_status azm_filter_set(struct azm_trace_filter *filter, azm_slice name, azm_slice value, int64_t now_us,
                               struct azm_error *err)
{
    if (azm_slice_eq(name, AZM_S("service"))) {
        filter->service = value;
    } else if (azm_slice_eq(name, AZM_S("id"))) {
        if (value.len < 1 || value.len > 128)
            return bad(name, value, "the first characters of a trace id", err);
        filter->id_prefix = value;
    } else if (azm_slice_eq(name, AZM_S("limit"))) {
        if (!number(value, LIMIT_MAX, &filter->limit) || filter->limit < 1)
            return bad(name, value, "a number from 1 to 1000", err);
    } else if (azm_slice_eq(name, AZM_S("after"))) {
        if (!number(value, INT64_MAX, &filter->after))
            return bad(name, value, "the cursor of an earlier answer", err);
    } else if (azm_slice_eq(name, AZM_S("since"))) {
        if (!number(value, INT64_MAX, &filter->since_us) && !age(value, now_us, &filter->since_us) &&
            azm_time_parse(value, &filter->since_us) != AZM_OK)
            return bad(name, value, "microseconds since 1970, RFC 3339, or an age such as 15m, 24h or 7d", err);
    } else {
        return azm_fail(err, AZM_BAD_INPUT, "%.*s: no such parameter; service, id, limit, after and since are known",
                        AZM_FMT(azm_slice_take(name, 60)));
    }
    return AZM_OK;
}
