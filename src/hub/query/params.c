#include "hub/query/params.h"

#include "base/time.h"

enum { LIMIT_DEFAULT = 50, LIMIT_MAX = 1000, ID_MAX = 128 };

void azm_params_init(struct azm_params *params, unsigned takes, int64_t now_us)
{
    *params = (struct azm_params){.takes = takes, .now_us = now_us, .limit = LIMIT_DEFAULT};
    azm_event_filter_init(&params->event);
    params->event.attributes = params->attributes;
}

static bool number(azm_slice text, uint64_t most, int64_t *out)
{
    uint64_t value;
    if (azm_slice_to_u64(text, &value) != AZM_OK || value > most)
        return false;
    *out = (int64_t)value;
    return true;
}

struct unit {
    azm_slice name;
    int64_t us;
};

/* "1.5s" with the units that are given; no unit is microseconds. */
static bool span_of_time(azm_slice text, const struct unit *units, size_t count, int64_t *out)
{
    size_t digits = 0;
    int64_t whole, fraction = 0, scale = 1;
    while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
        digits++;
    if (!number(azm_slice_take(text, digits), 100000000, &whole))
        return false;
    text = azm_slice_drop(text, digits);
    if (text.len && text.ptr[0] == '.') {
        for (text = azm_slice_drop(text, 1); text.len && text.ptr[0] >= '0' && text.ptr[0] <= '9' && scale < 1000000;
             text = azm_slice_drop(text, 1), scale *= 10)
            fraction = fraction * 10 + (text.ptr[0] - '0');
        if (scale == 1)
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (!azm_slice_eq(text, units[i].name))
            continue;
        *out = whole * units[i].us + fraction * units[i].us / scale;
        return true;
    }
    return false;
}

static bool age(azm_slice text, int64_t now_us, int64_t *out)
{
    static const struct unit units[] = {{AZM_S_INIT("s"), 1000000},
                                        {AZM_S_INIT("m"), 60000000},
                                        {AZM_S_INIT("h"), 3600000000},
                                        {AZM_S_INIT("d"), 86400000000}};
    int64_t us;
    if (!span_of_time(text, units, AZM_COUNT(units), &us))
        return false;
    *out = now_us - us > 0 ? now_us - us : 1;
    return true;
}

static bool duration(azm_slice text, int64_t *out)
{
    static const struct unit units[] = {
        {AZM_S_INIT("us"), 1}, {AZM_S_INIT("ms"), 1000}, {AZM_S_INIT("s"), 1000000}, {AZM_S_INIT("m"), 60000000}};
    return number(text, INT64_MAX, out) || span_of_time(text, units, AZM_COUNT(units), out);
}

static bool moment(azm_slice text, int64_t now_us, int64_t *out)
{
    return number(text, INT64_MAX, out) || age(text, now_us, out) || azm_time_parse(text, out) == AZM_OK;
}

static bool hex64(azm_slice text, uint64_t *out)
{
    *out = 0;
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
        if (digit < 0)
            return false;
        *out = *out << 4 | (uint64_t)digit;
    }
    return text.len == 16;
}

/* "VALUE.RANK", as azm_answer_cursor writes it; both may be negative. */
static bool cursor(azm_slice text, struct azm_cursor *out)
{
    int64_t *const to[] = {&out->value, &out->rank};
    azm_slice part;
    size_t n = 0;
    for (; azm_slice_split(&text, '.', &part); n++) {
        bool minus = part.len && part.ptr[0] == '-';
        if (n == AZM_COUNT(to) || !number(azm_slice_drop(part, minus), INT64_MAX, to[n]))
            return false;
        if (minus)
            *to[n] = -*to[n];
    }
    out->used = true;
    return n == AZM_COUNT(to);
}

static bool choose(azm_slice value, const azm_slice *names, size_t count, int *out)
{
    for (size_t i = 0; i < count; i++) {
        if (azm_slice_eq(value, names[i])) {
            *out = (int)i;
            return true;
        }
    }
    return false;
}

typedef bool setter(struct azm_params *params, azm_slice value);

static bool set_text(azm_slice *to, azm_slice value)
{
    *to = value;
    return value.len > 0 && value.len <= 1024;
}

static bool set_service(struct azm_params *p, azm_slice value)
{
    return set_text(&p->event.service, value);
}
static bool set_environment(struct azm_params *p, azm_slice value)
{
    return set_text(&p->event.environment, value);
}
static bool set_name(struct azm_params *p, azm_slice value)
{
    return set_text(&p->event.name, value);
}
static bool set_function(struct azm_params *p, azm_slice value)
{
    return set_text(&p->event.function, value);
}
static bool set_type(struct azm_params *p, azm_slice value)
{
    return set_text(&p->event.type, value);
}
static bool set_trigger(struct azm_params *p, azm_slice value)
{
    return set_text(&p->event.trigger, value);
}
static bool set_words(struct azm_params *p, azm_slice value)
{
    return set_text(&p->event.words, value);
}
static bool set_status(struct azm_params *p, azm_slice value)
{
    return set_text(&p->event.status, value);
}
static bool set_level(struct azm_params *p, azm_slice value)
{
    return set_text(&p->event.level, value);
}
static bool set_trace(struct azm_params *p, azm_slice value)
{
    return set_text(&p->trace, value);
}
static bool set_transaction(struct azm_params *p, azm_slice value)
{
    return set_text(&p->transaction, value);
}
static bool set_since(struct azm_params *p, azm_slice value)
{
    return moment(value, p->now_us, &p->since_us);
}
static bool set_until(struct azm_params *p, azm_slice value)
{
    return moment(value, p->now_us, &p->until_us);
}
static bool set_min(struct azm_params *p, azm_slice value)
{
    return duration(value, &p->event.min_us);
}
static bool set_max(struct azm_params *p, azm_slice value)
{
    return duration(value, &p->event.max_us);
}
static bool set_after(struct azm_params *p, azm_slice value)
{
    return number(value, INT64_MAX, &p->after);
}
static bool set_group(struct azm_params *p, azm_slice value)
{
    return hex64(value, &p->event.group);
}
static bool set_cursor(struct azm_params *p, azm_slice value)
{
    return cursor(value, &p->cursor);
}

static bool set_limit(struct azm_params *p, azm_slice value)
{
    return number(value, LIMIT_MAX, &p->limit) && p->limit > 0;
}

static bool set_id(struct azm_params *p, azm_slice value)
{
    return set_text(&p->id_prefix, value) && value.len <= ID_MAX;
}

static bool set_true(azm_slice value, bool *out)
{
    *out = azm_slice_eq(value, AZM_S("true"));
    return *out || azm_slice_eq(value, AZM_S("false"));
}

static bool set_coldstart(struct azm_params *p, azm_slice value)
{
    return set_true(value, &p->event.coldstart);
}
static bool set_functions(struct azm_params *p, azm_slice value)
{
    return set_true(value, &p->functions);
}

static bool set_format(struct azm_params *p, azm_slice value)
{
    p->otlp = azm_slice_eq(value, AZM_S("otlp"));
    return p->otlp || azm_slice_eq(value, AZM_S("intake"));
}

static bool set_outcome(struct azm_params *p, azm_slice value)
{
    static const azm_slice names[] = {AZM_S_INIT("unknown"), AZM_S_INIT("success"), AZM_S_INIT("failure")};
    return choose(value, names, AZM_COUNT(names), &p->event.outcome);
}

static bool set_order(struct azm_params *p, azm_slice value)
{
    static const azm_slice names[] = {AZM_S_INIT("-"), AZM_S_INIT("newest"), AZM_S_INIT("slowest"),
                                      AZM_S_INIT("fastest"), AZM_S_INIT("count")};
    int order = 0;
    bool ok = choose(value, names, AZM_COUNT(names), &order) && order > 0;
    p->order = (enum azm_order)order;
    return ok;
}

static bool set_attribute(struct azm_params *p, azm_slice value)
{
    size_t at = azm_slice_find(value, '=');
    if (at == 0 || at == value.len || p->event.attribute_count == AZM_PARAM_ATTRIBUTES)
        return false;
    p->attributes[p->event.attribute_count++] =
        (struct azm_pair){azm_slice_take(value, at), azm_slice_drop(value, at + 1)};
    return true;
}

#define TIME_FORMS     "microseconds since 1970, RFC 3339, or an age such as 15m, 24h or 7d"
#define DURATION_FORMS "a duration such as 250ms, 1.5s or 2m, or microseconds"
#define TEXT_FORM      "a text of 1 to 1024 bytes"

static const struct parameter {
    const char *name;
    unsigned with; /* any of these */
    setter *set;
    const char *expected;
} parameters[] = {
    {"since", AZM_TAKES_TIME, set_since, TIME_FORMS},
    {"until", AZM_TAKES_TIME, set_until, TIME_FORMS},
    {"service", AZM_TAKES_SERVICE, set_service, TEXT_FORM},
    {"environment", AZM_TAKES_ENVIRONMENT, set_environment, TEXT_FORM},
    {"name", AZM_TAKES_NAME | AZM_TAKES_EVENT, set_name, TEXT_FORM},
    {"function", AZM_TAKES_NAME | AZM_TAKES_EVENT, set_function, TEXT_FORM},
    {"functions", AZM_TAKES_FUNCTIONS, set_functions, "true or false"},
    {"type", AZM_TAKES_EVENT, set_type, TEXT_FORM},
    {"trigger", AZM_TAKES_EVENT, set_trigger, TEXT_FORM},
    {"status", AZM_TAKES_EVENT, set_status, TEXT_FORM},
    {"outcome", AZM_TAKES_EVENT, set_outcome, "success, failure or unknown"},
    {"coldstart", AZM_TAKES_EVENT, set_coldstart, "true or false"},
    {"attr", AZM_TAKES_EVENT, set_attribute, "KEY=VALUE, at most 16 times"},
    {"group", AZM_TAKES_EVENT, set_group, "16 hex digits"},
    {"min_duration", AZM_TAKES_EVENT, set_min, DURATION_FORMS},
    {"max_duration", AZM_TAKES_EVENT, set_max, DURATION_FORMS},
    {"q", AZM_TAKES_WORDS, set_words, TEXT_FORM},
    {"limit", AZM_TAKES_LIST, set_limit, "a number from 1 to 1000"},
    {"cursor", AZM_TAKES_LIST, set_cursor, "the \"next\" of an earlier answer"},
    {"order", AZM_TAKES_ORDER, set_order, "newest, slowest, fastest, or count for errors"},
    {"id", AZM_TAKES_FOLLOW, set_id, "the first characters of a trace id"},
    {"after", AZM_TAKES_FOLLOW, set_after, "the \"cursor\" of an earlier answer"},
    {"trace", AZM_TAKES_TRACE, set_trace, "a trace id"},
    {"transaction", AZM_TAKES_TRACE, set_transaction, "a transaction's id"},
    {"level", AZM_TAKES_TRACE, set_level, TEXT_FORM},
    {"format", AZM_TAKES_FORMAT, set_format, "intake or otlp"},
};

static enum azm_status unknown(const struct azm_params *params, azm_slice name, struct azm_error *err)
{
    char known[400] = "";
    size_t at = 0;
    for (size_t i = 0; i < AZM_COUNT(parameters); i++)
        if (parameters[i].with & params->takes)
            at += azm_slice_copy(azm_slice_str(at ? ", " : ""), known + at, sizeof known - at),
                at += azm_slice_copy(azm_slice_str(parameters[i].name), known + at, sizeof known - at);
    return azm_fail(err, AZM_BAD_INPUT, "%.*s: no such parameter%s%s", AZM_FMT(azm_slice_take(name, 60)),
                    at ? "; known here: " : "; none is known here", known);
}

enum azm_status azm_params_set(struct azm_params *params, azm_slice name, azm_slice value, struct azm_error *err)
{
    for (size_t i = 0; i < AZM_COUNT(parameters); i++) {
        const struct parameter *p = &parameters[i];
        if (!(p->with & params->takes) || !azm_slice_eq(name, azm_slice_str(p->name)))
            continue;
        if (p->set(params, value))
            return AZM_OK;
        return azm_fail(err, AZM_BAD_INPUT, "%s=%.*s: expected %s", p->name, AZM_FMT(azm_slice_take(value, 60)),
                        p->expected);
    }
    return unknown(params, name, err);
}

static enum azm_status check_follow(const struct azm_params *params, struct azm_error *err)
{
    struct azm_event_filter others = params->event;
    others.service = (azm_slice){NULL, 0};
    bool more = !azm_event_filter_is_empty(&others) || params->cursor.used || params->until_us || params->order;
    if (params->after && (more || params->id_prefix.len))
        return azm_fail(err, AZM_BAD_INPUT, "after goes with limit, service and since only");
    if (params->id_prefix.len && (more || params->event.service.len || params->since_us))
        return azm_fail(err, AZM_BAD_INPUT, "id goes with limit only");
    return AZM_OK;
}

enum azm_status azm_params_check(const struct azm_params *params, struct azm_error *err)
{
    if (params->since_us && params->until_us && params->since_us > params->until_us)
        return azm_fail(err, AZM_BAD_INPUT, "since is later than until");
    return params->takes & AZM_TAKES_FOLLOW ? check_follow(params, err) : AZM_OK;
}
