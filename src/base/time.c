#include "base/time.h"

#include <stdio.h>

#define DAY_S 86400

/* Days since 1970-01-01 of a Gregorian date, and back (Howard Hinnant's day algorithms, proleptic). */
static int64_t days_from_date(int64_t y, unsigned m, unsigned d)
{
    y -= m <= 2;
    int64_t era = (y >= 0 ? y : y - 399) / 400;
    unsigned yoe = (unsigned)(y - era * 400);
    unsigned doy = (153 * (m + (m > 2 ? -3u : 9u)) + 2) / 5 + d - 1;
    unsigned doe = yoe * 365 + yoe / 4 - yoe / 100 + doy;
    return era * 146097 + (int64_t)doe - 719468;
}

static void date_from_days(int64_t days, int *y, unsigned *m, unsigned *d)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    unsigned doe = (unsigned)(days - era * 146097);
    unsigned yoe = (doe - doe / 1460 + doe / 36524 - doe / 146096) / 365;
    unsigned doy = doe - (365 * yoe + yoe / 4 - yoe / 100);
    unsigned mp = (5 * doy + 2) / 153;
    *d = doy - (153 * mp + 2) / 5 + 1;
    *m = mp < 10 ? mp + 3 : mp - 9;
    *y = (int)((int64_t)yoe + era * 400 + (*m <= 2));
}

static unsigned days_in_month(unsigned y, unsigned m)
{
    bool leap = y % 4 == 0 && (y % 100 != 0 || y % 400 == 0);
    return m == 2 ? 28u + leap : 30 + (m + m / 8) % 2; /* 31 in odd months up to July, in even ones after it */
}

size_t azm_time_format(int64_t time_us, char out[AZM_TIME_TEXT])
{
    const int64_t low = -62135596800LL * 1000000, high = 253402300799LL * 1000000 + 999999;
    if (time_us < low)
        time_us = low;
    if (time_us > high)
        time_us = high;
    int64_t seconds = time_us / 1000000, us = time_us % 1000000;
    if (us < 0) {
        us += 1000000;
        seconds--;
    }
    int64_t days = seconds / DAY_S, left = seconds % DAY_S;
    if (left < 0) {
        left += DAY_S;
        days--;
    }
    int y;
    unsigned m, d;
    date_from_days(days, &y, &m, &d);
    char text[64];
    int n = snprintf(text, sizeof text, "%04d-%02u-%02uT%02u:%02u:%02u.%06uZ", y, m, d, (unsigned)(left / 3600),
                     (unsigned)(left / 60 % 60), (unsigned)(left % 60), (unsigned)us);
    return azm_slice_copy((azm_slice){text, (size_t)n}, out, AZM_TIME_TEXT);
}

/* Takes exactly n digits off the front. */
static bool digits(azm_slice *s, unsigned n, unsigned *out)
{
    *out = 0;
    if (s->len < n)
        return false;
    for (unsigned i = 0; i < n; i++) {
        if (s->ptr[i] < '0' || s->ptr[i] > '9')
            return false;
        *out = *out * 10 + (unsigned)(s->ptr[i] - '0');
    }
    *s = azm_slice_drop(*s, n);
    return true;
}

static bool one_of(azm_slice *s, const char *set)
{
    if (s->len == 0 || s->ptr[0] == '\0' || !strchr(set, s->ptr[0]))
        return false;
    *s = azm_slice_drop(*s, 1);
    return true;
}

static bool offset(azm_slice *s, int64_t *seconds)
{
    unsigned h, min;
    bool west = s->len && s->ptr[0] == '-';
    if (!one_of(s, "+-") || !digits(s, 2, &h) || !one_of(s, ":") || !digits(s, 2, &min) || h > 23 || min > 59)
        return false;
    *seconds = (west ? -1 : 1) * (int64_t)(h * 3600 + min * 60);
    return true;
}

enum azm_status azm_time_parse(azm_slice s, int64_t *time_us)
{
    unsigned y, mo, d, h, mi, sec, us = 0;
    int64_t east_s = 0;
    if (!digits(&s, 4, &y) || !one_of(&s, "-") || !digits(&s, 2, &mo) || !one_of(&s, "-") || !digits(&s, 2, &d) ||
        !one_of(&s, "Tt ") || !digits(&s, 2, &h) || !one_of(&s, ":") || !digits(&s, 2, &mi) || !one_of(&s, ":") ||
        !digits(&s, 2, &sec))
        return AZM_BAD_INPUT;
    if (y < 1 || mo < 1 || mo > 12 || d < 1 || d > days_in_month(y, mo) || h > 23 || mi > 59 || sec > 60)
        return AZM_BAD_INPUT;
    if (s.len && s.ptr[0] == '.') {
        unsigned scale = 100000, count = 0, digit;
        s = azm_slice_drop(s, 1);
        for (; digits(&s, 1, &digit); count++) {
            us += digit * scale;
            scale /= 10;
        }
        if (count == 0 || count > 9)
            return AZM_BAD_INPUT;
    }
    if (s.len && !one_of(&s, "Zz") && !offset(&s, &east_s))
        return AZM_BAD_INPUT;
    if (s.len)
        return AZM_BAD_INPUT;
    int64_t seconds = days_from_date((int64_t)y, mo, d) * DAY_S + (int64_t)(h * 3600 + mi * 60 + sec) - east_s;
    *time_us = seconds * 1000000 + us;
    return AZM_OK;
}
