#include "json/write.h"

#include <float.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"

#define NUMBER_MAX 32 /* characters of any number */

/* Everything goes through here: the comma that is due, then n bytes. NULL when there is no room. */
static char *room(struct azm_json_writer *json, size_t n)
{
    char *at = azm_buf_reserve(json->out, n + json->comma);
    if (at && json->comma) {
        *at++ = ',';
        json->out->len++;
    }
    json->comma = true;
    return at;
}

static void put(struct azm_json_writer *json, azm_slice bytes)
{
    char *at = room(json, bytes.len);
    if (at) {
        memcpy(at, bytes.ptr, bytes.len);
        json->out->len += bytes.len;
    }
}

void azm_json_open_object(struct azm_json_writer *json)
{
    put(json, AZM_S("{"));
    json->comma = false;
}

void azm_json_close_object(struct azm_json_writer *json)
{
    azm_buf_add_byte(json->out, '}');
    json->comma = true;
}

void azm_json_open_array(struct azm_json_writer *json)
{
    put(json, AZM_S("["));
    json->comma = false;
}

void azm_json_close_array(struct azm_json_writer *json)
{
    azm_buf_add_byte(json->out, ']');
    json->comma = true;
}

void azm_json_end_line(struct azm_json_writer *json)
{
    azm_buf_add_byte(json->out, '\n');
    json->comma = false;
}

/* Bytes at the front of s that stand for themselves in a JSON string, eight at a time. */
static size_t plain(azm_slice s)
{
    const uint64_t ones = 0x0101010101010101u, high = 0x8080808080808080u;
    size_t n = 0;
    for (uint64_t word; s.len - n >= sizeof word; n += sizeof word) {
        memcpy(&word, s.ptr + n, sizeof word);
        uint64_t quote = word ^ ones * '"', slash = word ^ ones * '\\';
        /* The high bit is left by a control character, a zero (the quote, the slash), and by bytes of 0x80 and above in
         * at least one of the three. A borrow goes wrong only above a byte that is caught anyway. */
        if (((word - ones * 0x20) | (quote - ones) | (slash - ones)) & high)
            break;
    }
    for (; n < s.len; n++) {
        unsigned char c = (unsigned char)s.ptr[n];
        if (c < 0x20 || c >= 0x80 || c == '"' || c == '\\')
            break;
    }
    return n;
}

static void escape(struct azm_buf *out, unsigned char c)
{
    static const char digits[] = "0123456789abcdef", letters[] = "btn\0fr"; /* of 8 to 13 */
    char text[6] = {'\\', (char)c, '0', '0', digits[c >> 4], digits[c & 15]};
    size_t len = 2;
    if (c < 0x20) {
        text[1] = c >= 8 && c <= 13 && c != 11 ? letters[c - 8] : 'u';
        len = text[1] == 'u' ? 6 : 2;
    }
    azm_buf_add(out, (azm_slice){text, len});
}

static void put_content(struct azm_buf *out, azm_slice text)
{
    while (text.len) {
        size_t n = plain(text);
        azm_buf_add(out, azm_slice_take(text, n));
        text = azm_slice_drop(text, n);
        for (; text.len && (unsigned char)text.ptr[0] >= 0x80; text = azm_slice_drop(text, n ? n : 1)) {
            n = azm_utf8_char(text);
            azm_buf_add(out, n ? azm_slice_take(text, n) : AZM_S("\xef\xbf\xbd"));
        }
        for (; text.len && ((unsigned char)text.ptr[0] < 0x20 || text.ptr[0] == '"' || text.ptr[0] == '\\');
             text = azm_slice_drop(text, 1))
            escape(out, (unsigned char)text.ptr[0]);
    }
}

void azm_json_string(struct azm_json_writer *json, azm_slice text)
{
    put(json, AZM_S("\""));
    put_content(json->out, text);
    azm_buf_add_byte(json->out, '"');
}

void azm_json_text(struct azm_json_writer *json, azm_slice text, size_t max_chars)
{
    azm_slice kept = azm_utf8_take(text, max_chars);
    bool cut = kept.len < text.len;
    if (cut)
        kept = azm_utf8_take(text, max_chars ? max_chars - 1 : 0);
    put(json, AZM_S("\""));
    put_content(json->out, kept);
    azm_buf_add(json->out, cut && max_chars ? AZM_S("\xe2\x80\xa6\"") : AZM_S("\""));
}

struct azm_json_writer *azm_json_key(struct azm_json_writer *json, azm_slice key)
{
    char *at = room(json, key.len + 3);
    json->comma = false;
    if (at) {
        *at = '"';
        memcpy(at + 1, key.ptr, key.len);
        at[1 + key.len] = '"';
        at[2 + key.len] = ':';
        json->out->len += key.len + 3;
    }
    return json;
}

struct azm_json_writer *azm_json_foreign_key(struct azm_json_writer *json, azm_slice key, size_t max_chars)
{
    azm_json_text(json, key, max_chars);
    azm_buf_add_byte(json->out, ':');
    json->comma = false;
    return json;
}

/* Digits of value, ending at `end`. */
static char *digits_before(char *end, uint64_t value)
{
    do
        *--end = (char)('0' + value % 10);
    while (value /= 10);
    return end;
}

static void put_number(struct azm_json_writer *json, const char *at, const char *end)
{
    put(json, (azm_slice){at, (size_t)(end - at)});
}

void azm_json_uint(struct azm_json_writer *json, uint64_t value)
{
    char text[NUMBER_MAX], *end = text + sizeof text;
    put_number(json, digits_before(end, value), end);
}

static uint64_t magnitude(int64_t value)
{
    return value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
}

void azm_json_int(struct azm_json_writer *json, int64_t value)
{
    char text[NUMBER_MAX], *end = text + sizeof text, *at = digits_before(end, magnitude(value));
    if (value < 0)
        *--at = '-';
    put_number(json, at, end);
}

void azm_json_ms(struct azm_json_writer *json, int64_t us)
{
    char text[NUMBER_MAX], *end = text + sizeof text, *at = end;
    uint64_t value = magnitude(us), fraction = value % 1000;
    if (fraction) {
        int places = 3;
        for (; fraction % 10 == 0; places--) /* 1.500 */
            fraction /= 10;
        for (; places > 0; places--, fraction /= 10)
            *--at = (char)('0' + fraction % 10);
        *--at = '.';
    }
    at = digits_before(at, value / 1000);
    if (us < 0)
        *--at = '-';
    put_number(json, at, end);
}

void azm_json_double(struct azm_json_writer *json, double value)
{
    char text[NUMBER_MAX];
    int n = 0;
    if (!(value >= -DBL_MAX && value <= DBL_MAX)) {
        azm_json_null(json);
        return;
    }
    for (int digits = 15; digits <= 17; digits++) {
        n = snprintf(text, sizeof text, "%.*g", digits, value);
        if (strtod(text, NULL) == value)
            break;
    }
    for (int i = 0; i < n; i++)
        if (text[i] == ',') /* the locale's decimal point */
            text[i] = '.';
    put(json, (azm_slice){text, (size_t)n});
}

void azm_json_bool(struct azm_json_writer *json, bool value)
{
    put(json, value ? AZM_S("true") : AZM_S("false"));
}

void azm_json_null(struct azm_json_writer *json)
{
    put(json, AZM_S("null"));
}

void azm_json_raw(struct azm_json_writer *json, azm_slice value)
{
    put(json, value);
}
