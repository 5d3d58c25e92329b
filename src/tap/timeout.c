#include "tap/timeout.h"

#include "base/attr.h"

#define SECOND_US INT64_C(1000000)
#define MINUTE_US (60 * SECOND_US)
#define HOUR_US   (60 * MINUTE_US)
#define DAY_US    (24 * HOUR_US)
#define DAYS_MAX  10675199u /* TimeSpan's */

enum { CONSUMPTION_DEFAULT_MIN = 5, CONSUMPTION_MOST_MIN = 10, DEFAULT_MIN = 30 };

/* A number of at most so many digits off the front. */
static bool take_number(azm_slice *text, size_t digits, uint64_t *out)
{
    size_t n = 0;
    *out = 0;
    while (n < text->len && n < digits && text->ptr[n] >= '0' && text->ptr[n] <= '9')
        *out = *out * 10 + (uint64_t)(text->ptr[n++] - '0');
    *text = azm_slice_drop(*text, n);
    return n > 0;
}

static bool take_byte(azm_slice *text, char byte)
{
    if (!text->len || text->ptr[0] != byte)
        return false;
    *text = azm_slice_drop(*text, 1);
    return true;
}

/* Tenths of microseconds are cut off. */
static bool take_fraction(azm_slice *text, uint64_t *out_us)
{
    size_t before = text->len;
    uint64_t fraction;
    if (!take_number(text, 7, &fraction))
        return false;
    for (size_t digits = before - text->len; digits < 7; digits++)
        fraction *= 10;
    *out_us = fraction / 10;
    return true;
}

/* "hh:mm[:ss[.fraction]]", the hours are read. */
static bool take_time(azm_slice *text, uint64_t hours, uint64_t *out_us)
{
    uint64_t minutes, seconds = 0, fraction_us = 0;
    if (!take_byte(text, ':') || !take_number(text, 2, &minutes))
        return false;
    if (take_byte(text, ':') && !take_number(text, 2, &seconds))
        return false;
    if (take_byte(text, '.') && !take_fraction(text, &fraction_us))
        return false;
    *out_us = hours * HOUR_US + minutes * MINUTE_US + seconds * SECOND_US + fraction_us;
    return hours < 24 && minutes < 60 && seconds < 60;
}

bool azm_timeout_read(azm_slice text, int64_t *out_us)
{
    uint64_t first, hours, time_us = 0;
    text = azm_slice_trim(text);
    bool negative = take_byte(&text, '-');
    if (!take_number(&text, 8, &first))
        return false;
    uint64_t days = first;
    if (take_byte(&text, '.')) {
        if (!take_number(&text, 2, &hours) || !take_time(&text, hours, &time_us))
            return false;
    } else if (text.len) {
        days = 0;
        if (!take_time(&text, first, &time_us))
            return false;
    }
    if (text.len || days > DAYS_MAX - 1)
        return false;
    *out_us = (int64_t)(days * DAY_US + time_us) * (negative ? -1 : 1);
    return true;
}

static bool is_set(const struct azm_env *env, const char *name)
{
    return azm_env_get(env, name).len != 0;
}

/* Where nothing may run for longer than ten minutes: the Consumption plan of Windows, and that of Linux, but not Flex.
 */
static bool is_consumption(const struct azm_env *env)
{
    azm_slice sku = azm_env_get(env, "WEBSITE_SKU");
    if (azm_slice_eq_nocase(sku, AZM_S("FlexConsumption")) || is_set(env, "LEGION_SERVICE_HOST"))
        return false;
    return azm_slice_eq_nocase(sku, AZM_S("Dynamic")) ||
           (!is_set(env, "WEBSITE_INSTANCE_ID") && is_set(env, "CONTAINER_NAME") &&
            !is_set(env, "MANAGED_ENVIRONMENT"));
}

int64_t azm_timeout_of(const struct azm_env *env, bool known, azm_slice host_json)
{
    bool consumption = is_consumption(env);
    azm_slice text = azm_env_get(env, "AzureFunctionsJobHost__functionTimeout");
    int64_t timeout_us;
    if (!text.len)
        text = azm_env_get(env, "AzureFunctionsJobHost:functionTimeout"); /* as Windows also has it */
    if (!text.len && !known)
        return 0;
    if (!text.len)
        text = host_json;
    if (!text.len)
        return (consumption ? CONSUMPTION_DEFAULT_MIN : DEFAULT_MIN) * MINUTE_US;
    if (!azm_timeout_read(text, &timeout_us) || timeout_us < SECOND_US)
        return 0;
    return consumption && timeout_us > CONSUMPTION_MOST_MIN * MINUTE_US ? 0 : timeout_us;
}
