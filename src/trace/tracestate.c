#include "trace/tracestate.h"

#include <stdlib.h>

#define KEY_MAX    256u
#define TENANT_MAX 241u
#define SYSTEM_MAX 14u
#define VALUE_MAX  256u
#define KEYS_MAX   64u /* compared for doubles; those behind are only checked by themselves */

static bool is_lower(char c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_key_text(azm_slice key)
{
    for (size_t i = 0; i < key.len; i++) {
        char c = key.ptr[i];
        if (!is_lower(c) && !(c >= '0' && c <= '9') && c != '_' && c != '-' && c != '*' && c != '/')
            return false;
    }
    return key.len > 0;
}

static bool is_key(azm_slice key)
{
    size_t at = azm_slice_find(key, '@');
    azm_slice tenant = azm_slice_take(key, at), system = azm_slice_drop(key, at + 1);
    if (!is_key_text(tenant) || tenant.ptr[0] == '_' || tenant.ptr[0] == '-' || tenant.ptr[0] == '*' ||
        tenant.ptr[0] == '/')
        return false;
    if (at == key.len)
        return key.len <= KEY_MAX;
    return tenant.len <= TENANT_MAX && system.len <= SYSTEM_MAX && is_key_text(system) && is_lower(system.ptr[0]);
}

static bool is_value(azm_slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (value.ptr[i] < ' ' || value.ptr[i] > '~' || value.ptr[i] == ',' || value.ptr[i] == '=')
            return false;
    return value.len > 0 && value.len <= VALUE_MAX && value.ptr[value.len - 1] != ' ';
}

/* "s:0.5" among the es member's pairs. */
static double sample_rate(azm_slice value)
{
    azm_slice pair;
    while (azm_slice_split(&value, ';', &pair)) {
        char text[16], *end;
        if (!azm_slice_starts(pair, AZM_S("s:")) || pair.len - 2 >= sizeof text || pair.len == 2)
            continue;
        azm_slice_copy(azm_slice_drop(pair, 2), text, sizeof text);
        double rate = strtod(text, &end);
        if (*end == '\0' && rate >= 0 && rate <= 1)
            return rate;
    }
    return -1;
}

struct reading {
    struct azm_tracestate state;
    azm_slice keys[KEYS_MAX];
    size_t count;
};

static void add_member(struct reading *reading, azm_slice member)
{
    size_t equals = azm_slice_find(member, '=');
    azm_slice key = azm_slice_take(member, equals), value = azm_slice_drop(member, equals + 1);
    reading->state.present = true;
    if (equals == member.len || !is_key(key) || !is_value(value))
        reading->state.valid = false;
    for (size_t i = 0; i < reading->count; i++)
        if (azm_slice_eq(reading->keys[i], key))
            reading->state.valid = false;
    if (reading->count < KEYS_MAX)
        reading->keys[reading->count++] = key;
    if (azm_slice_eq(key, AZM_S("es")))
        reading->state.sample_rate = sample_rate(value);
}

struct azm_tracestate azm_tracestate_of_headers(struct azm_pairs headers)
{
    struct reading reading = {.state = {.valid = true, .sample_rate = -1}};
    for (size_t i = 0; i < headers.count; i++) {
        azm_slice rest = headers.items[i].value, member;
        if (!azm_slice_eq_nocase(headers.items[i].key, AZM_S("tracestate")))
            continue;
        while (azm_slice_split(&rest, ',', &member)) {
            member = azm_slice_trim(member);
            if (member.len) /* empty members are allowed */
                add_member(&reading, member);
        }
    }
    reading.state.valid = reading.state.valid && reading.state.present;
    if (!reading.state.valid)
        reading.state.sample_rate = -1;
    return reading.state;
}
