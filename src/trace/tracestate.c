#include "trace/tracestate.h"

#include "trace/sampling.h"

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

/* --- reading --- */

/* "s:0.5" among the es member's pairs. */
static double sample_rate(azm_slice value)
{
    azm_slice pair;
    double rate;
    while (azm_slice_split(&value, ';', &pair))
        if (azm_slice_starts(pair, AZM_S("s:")) && azm_sample_rate_parse(azm_slice_drop(pair, 2), &rate))
            return rate;
    return -1;
}

/* The members of all tracestate fields, in their order; empty ones are allowed, and left out. */
struct members {
    struct azm_pairs headers;
    size_t next;
    azm_slice rest;
};

static bool next_member(struct members *members, azm_slice *member)
{
    for (;;) {
        while (azm_slice_split(&members->rest, ',', member)) {
            *member = azm_slice_trim(*member);
            if (member->len)
                return true;
        }
        do {
            if (members->next == members->headers.count)
                return false;
        } while (!azm_slice_eq_nocase(members->headers.items[members->next++].key, AZM_S("tracestate")));
        members->rest = members->headers.items[members->next - 1].value;
    }
}

static azm_slice key_of(azm_slice member)
{
    return azm_slice_take(member, azm_slice_find(member, '='));
}

struct reading {
    struct azm_tracestate state;
    azm_slice keys[KEYS_MAX];
    size_t count;
};

static void add_member(struct reading *reading, azm_slice member)
{
    azm_slice key = key_of(member), value = azm_slice_drop(member, key.len + 1);
    reading->state.present = true;
    if (key.len == member.len || !is_key(key) || !is_value(value))
        reading->state.valid = false;
    for (size_t i = 0; i < reading->count; i++)
        if (azm_slice_eq(reading->keys[i], key))
            reading->state.valid = false;
    if (reading->count < KEYS_MAX)
        reading->keys[reading->count++] = key;
    if (azm_slice_eq(key, AZM_S("es"))) {
        reading->state.elastic = true;
        reading->state.sample_rate = sample_rate(value);
    }
}

struct azm_tracestate azm_tracestate_of_headers(struct azm_pairs headers)
{
    struct reading reading = {.state = {.valid = true, .sample_rate = -1}};
    struct members members = {.headers = headers};
    azm_slice member;
    while (next_member(&members, &member))
        add_member(&reading, member);
    reading.state.valid = reading.state.valid && reading.state.present;
    if (!reading.state.valid) {
        reading.state.sample_rate = -1;
        reading.state.elastic = false;
    }
    return reading.state;
}

/* --- writing --- */

/* The other pairs of Elastic's member go behind our rate, as long as the value keeps to its limit. */
static void add_elastic(struct azm_buf *out, azm_slice others, double rate)
{
    size_t start = out->len;
    azm_slice pair;
    azm_sample_rate_write(out, rate);
    while (azm_slice_split(&others, ';', &pair)) {
        if (!pair.len || azm_slice_starts(pair, AZM_S("s:")) || 2 + out->len - start + 1 + pair.len > VALUE_MAX)
            continue;
        azm_buf_add_byte(out, ';');
        azm_buf_add(out, pair);
    }
}

void azm_tracestate_write(struct azm_buf *out, struct azm_pairs headers, double sample_rate)
{
    struct members members = {.headers = headers}, again = members;
    azm_slice member, elastic = {NULL, 0};
    bool valid = azm_tracestate_of_headers(headers).valid;
    while (valid && next_member(&members, &member))
        if (azm_slice_eq(key_of(member), AZM_S("es")))
            elastic = azm_slice_drop(member, 3);
    azm_buf_add(out, AZM_S("es=s:"));
    add_elastic(out, elastic, sample_rate);
    while (valid && next_member(&again, &member)) {
        if (azm_slice_eq(key_of(member), AZM_S("es")))
            continue;
        azm_buf_add_byte(out, ',');
        azm_buf_add(out, member);
    }
}
