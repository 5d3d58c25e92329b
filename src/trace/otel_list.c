#include "trace/otel_list.h"

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* Takes one character, decoded, off the front of *text. False: a '%' that begins nothing. */
static bool next_char(azm_slice *text, char *out)
{
    *out = text->ptr[0];
    if (*out != '%') {
        *text = azm_slice_drop(*text, 1);
        return true;
    }
    int high = text->len > 2 ? hex_digit(text->ptr[1]) : -1, low = text->len > 2 ? hex_digit(text->ptr[2]) : -1;
    *out = (char)((unsigned)high << 4 | ((unsigned)low & 15));
    *text = azm_slice_drop(*text, 3);
    return high >= 0 && low >= 0;
}

/* The next part that is not empty, as it stands there. False: there is none. */
static bool next_pair(azm_slice *list, struct azm_pair *out)
{
    azm_slice part;
    while (azm_slice_split(list, ',', &part)) {
        size_t equals = azm_slice_find(part, '=');
        out->key = azm_slice_trim(azm_slice_take(part, equals));
        out->value = azm_slice_trim(azm_slice_drop(part, equals + 1));
        if (equals == part.len)
            out->value = azm_slice_str(NULL); /* no value at all */
        if (azm_slice_trim(part).len)
            return true;
    }
    return false;
}

typedef bool check(char c);

static bool any_char(char c)
{
    (void)c;
    return true;
}

static bool token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           azm_slice_find(AZM_S("!#$%&'*+-.^_`|~"), c) < 15;
}

static bool value_char(char c)
{
    return c == '\t' || ((unsigned char)c >= ' ' && c != 0x7f);
}

static bool all(azm_slice text, check *good)
{
    char c;
    while (text.len)
        if (!next_char(&text, &c) || !good(c))
            return false;
    return true;
}

static bool is_valid(azm_slice list, check *key, check *value)
{
    struct azm_pair pair;
    size_t count = 0;
    if (list.len > AZM_OTEL_LIST_BYTES_MAX)
        return false;
    while (next_pair(&list, &pair))
        if (++count > AZM_OTEL_LIST_MAX || !pair.key.len || !pair.value.ptr || !all(pair.key, key) ||
            !all(pair.value, value))
            return false;
    return true;
}

bool azm_otel_list_is_valid(azm_slice list)
{
    return is_valid(list, any_char, any_char);
}

bool azm_otel_headers_are_valid(azm_slice list)
{
    return is_valid(list, token_char, value_char);
}

static azm_slice decode(azm_slice text, struct azm_arena *arena)
{
    char *out = azm_arena_alloc(arena, text.len + 1);
    size_t n = 0;
    while (out && text.len && next_char(&text, &out[n]))
        n++;
    return (azm_slice){out, n};
}

static struct azm_pair *find(struct azm_pair *pairs, size_t count, azm_slice key)
{
    size_t i = 0;
    while (i < count && !azm_slice_eq(pairs[i].key, key))
        i++;
    return &pairs[i];
}

struct azm_pairs azm_otel_list_read(azm_slice list, struct azm_arena *arena)
{
    struct azm_pair raw, *pairs = list.len ? azm_arena_array(arena, struct azm_pair, AZM_OTEL_LIST_MAX) : NULL;
    size_t count = 0;
    if (!pairs || !azm_otel_list_is_valid(list))
        return (struct azm_pairs){NULL, 0};
    while (next_pair(&list, &raw)) {
        struct azm_pair pair = {decode(raw.key, arena), decode(raw.value, arena)};
        if (!pair.key.ptr || !pair.value.ptr)
            return (struct azm_pairs){NULL, 0};
        struct azm_pair *place = find(pairs, count, pair.key);
        count += place == &pairs[count];
        *place = pair;
    }
    return (struct azm_pairs){count ? pairs : NULL, count};
}

azm_slice azm_pairs_get(struct azm_pairs pairs, azm_slice key)
{
    for (size_t i = 0; i < pairs.count; i++)
        if (azm_slice_eq(pairs.items[i].key, key))
            return pairs.items[i].value;
    return (azm_slice){NULL, 0};
}
