#include "http/head.h"

/* RFC 9110, 5.6.2: what a method or a field's name is made of. */
static bool is_token_char(unsigned char c)
{
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'))
        return true;
    return c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL;
}

static bool is_token(azm_slice s)
{
    for (size_t i = 0; i < s.len; i++)
        if (!is_token_char((unsigned char)s.ptr[i]))
            return false;
    return s.len > 0;
}

static bool is_text(unsigned char c)
{
    return (c >= ' ' && c != 0x7f) || c == '\t';
}

/* Takes a line and its CR LF off the front of *in. */
static enum azm_status take_line(azm_slice *in, azm_slice *line)
{
    for (size_t i = 0; i < in->len; i++) {
        if (AZM_LIKELY(is_text((unsigned char)in->ptr[i])))
            continue;
        if (in->ptr[i] != '\r' || (i + 1 < in->len && in->ptr[i + 1] != '\n'))
            return AZM_BAD_INPUT;
        if (i + 1 == in->len)
            return AZM_MORE;
        *line = azm_slice_take(*in, i);
        *in = azm_slice_drop(*in, i + 2);
        return AZM_OK;
    }
    return AZM_MORE;
}

/* Takes the part before the next space; the space goes too. */
static azm_slice take_word(azm_slice *line)
{
    azm_slice word = azm_slice_take(*line, azm_slice_find(*line, ' '));
    *line = azm_slice_drop(*line, word.len + 1);
    return word;
}

static bool read_version(azm_slice version, unsigned *minor)
{
    if (version.len != 8 || !azm_slice_starts(version, AZM_S("HTTP/1.")))
        return false;
    *minor = (unsigned)(version.ptr[7] - '0');
    return *minor <= 9;
}

static bool read_request_line(azm_slice line, struct azm_http_head *out)
{
    out->method = take_word(&line);
    out->target = take_word(&line);
    return is_token(out->method) && out->target.len && azm_slice_find(out->target, '\t') == out->target.len &&
           read_version(line, &out->minor);
}

/* Servers leave out the reason, and some the space before it. */
static bool read_status_line(azm_slice line, struct azm_http_head *out)
{
    uint64_t status;
    azm_slice version = take_word(&line), digits = take_word(&line);
    if (!read_version(version, &out->minor) || digits.len != 3 || azm_slice_to_u64(digits, &status) != AZM_OK)
        return false;
    out->status = (unsigned)status;
    out->reason = line;
    return status >= 100;
}

static enum azm_status read_field(azm_slice line, struct azm_http_head *out)
{
    azm_slice name = azm_slice_take(line, azm_slice_find(line, ':'));
    if (name.len == line.len || !is_token(name))
        return AZM_BAD_INPUT;
    if (out->field_count == AZM_HTTP_FIELDS_MAX)
        return AZM_TOO_BIG;
    out->fields[out->field_count++] = (struct azm_http_field){name, azm_slice_trim(azm_slice_drop(line, name.len + 1))};
    return AZM_OK;
}

static enum azm_status read_fields(azm_slice *in, struct azm_http_head *out)
{
    azm_slice line;
    enum azm_status st;
    while ((st = take_line(in, &line)) == AZM_OK && line.len)
        if ((st = read_field(line, out)) != AZM_OK)
            return st;
    return st;
}

static void begin(struct azm_http_head *out)
{
    out->method = out->target = out->reason = (azm_slice){NULL, 0};
    out->status = out->minor = 0;
    out->field_count = out->size = 0;
}

/* False when the bytes after `seen` can neither end a line nor be an error. */
static bool worth_reading(azm_slice in, size_t seen)
{
    size_t i = seen && seen <= in.len && in.ptr[seen - 1] == '\r' ? seen - 1 : seen;
    for (; i < in.len; i++)
        if (!is_text((unsigned char)in.ptr[i]) && (in.ptr[i] != '\r' || i + 1 < in.len))
            return true;
    return false;
}

static enum azm_status read_head(azm_slice in, size_t seen, bool request, struct azm_http_head *out)
{
    azm_slice rest = azm_slice_take(in, AZM_HTTP_HEAD_MAX), line;
    enum azm_status st = AZM_MORE;
    begin(out);
    if (worth_reading(rest, seen)) {
        do
            st = take_line(&rest, &line);
        while (request && st == AZM_OK && line.len == 0);
        if (st == AZM_OK && !(request ? read_request_line(line, out) : read_status_line(line, out)))
            st = AZM_BAD_INPUT;
        if (st == AZM_OK)
            st = read_fields(&rest, out);
    }
    out->size = (size_t)(rest.ptr - in.ptr);
    return st == AZM_MORE && in.len >= AZM_HTTP_HEAD_MAX ? AZM_TOO_BIG : st;
}

enum azm_status azm_http_read_request(azm_slice in, size_t seen, struct azm_http_head *out)
{
    return read_head(in, seen, true, out);
}

enum azm_status azm_http_read_response(azm_slice in, size_t seen, struct azm_http_head *out)
{
    return read_head(in, seen, false, out);
}

azm_slice azm_http_field(const struct azm_http_head *head, azm_slice name)
{
    for (size_t i = 0; i < head->field_count; i++)
        if (azm_slice_eq_nocase(head->fields[i].name, name))
            return head->fields[i].value;
    return (azm_slice){NULL, 0};
}

bool azm_http_has_token(const struct azm_http_head *head, azm_slice name, azm_slice token)
{
    for (size_t i = 0; i < head->field_count; i++) {
        azm_slice list = head->fields[i].value, part;
        if (!azm_slice_eq_nocase(head->fields[i].name, name))
            continue;
        while (azm_slice_split(&list, ',', &part))
            if (azm_slice_eq_nocase(azm_slice_trim(part), token))
                return true;
    }
    return false;
}

bool azm_http_keeps_alive(const struct azm_http_head *head)
{
    const azm_slice connection = AZM_S("connection");
    if (azm_http_has_token(head, connection, AZM_S("close")))
        return false;
    return head->minor >= 1 || azm_http_has_token(head, connection, AZM_S("keep-alive"));
}
