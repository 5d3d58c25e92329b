#include "trace/sampling.h"

#include <stdlib.h>

#define PARTS 10000.0 /* four decimals */

bool azm_sample_rate_parse(azm_slice text, double *out)
{
    char copy[32], *end;
    if (text.len == 0 || text.len >= sizeof copy)
        return false;
    /* strtod() reads more than a decimal number: white space, hexadecimal, "inf". */
    for (size_t i = 0; i < text.len; i++)
        if (!memchr("0123456789.eE+-", text.ptr[i], 15) || (i == 0 && (text.ptr[i] == '+' || text.ptr[i] == '-')))
            return false;
    azm_slice_copy(text, copy, sizeof copy);
    double value = strtod(copy, &end);
    if (*end || !(value >= 0 && value <= 1))
        return false;
    *out = value;
    return true;
}

static unsigned parts_of(double rate)
{
    unsigned parts = (unsigned)(rate * PARTS + 0.5);
    return rate > 0 && parts == 0 ? 1 : parts;
}

double azm_sample_rate_round(double rate)
{
    return parts_of(rate) / PARTS;
}

void azm_sample_rate_write(struct azm_buf *out, double rate)
{
    unsigned parts = parts_of(rate), decimals = 4;
    if (parts == 0 || parts == (unsigned)PARTS) {
        azm_buf_add_byte(out, parts ? '1' : '0');
        return;
    }
    for (; parts % 10 == 0; parts /= 10)
        decimals--;
    azm_buf_addf(out, "0.%0*u", (int)decimals, parts);
}

bool azm_sample(double rate, struct azm_random *random)
{
    double drawn = (double)(azm_random_u64(random) >> 11) / 9007199254740992.0; /* 2^53: 0 <= drawn < 1 */
    return drawn < rate;
}
