#include "hub/store/clickhouse/address.h"

#include <stdio.h>

#define FORM "expected clickhouse://[USER:PASSWORD@]HOST[:PORT]/DATABASE"

static int hex_of(char c)
{
    return c >= '0' && c <= '9'   ? c - '0'
           : c >= 'a' && c <= 'f' ? c - 'a' + 10
           : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                  : -1;
}

static bool resolve(azm_slice text, char *out, size_t size)
{
    size_t n = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '%') {
            int high = i + 2 < text.len ? hex_of(text.ptr[i + 1]) : -1, low = high < 0 ? -1 : hex_of(text.ptr[i + 2]);
            if (low < 0)
                return false;
            c = (unsigned char)(high * 16 + low);
            i += 2;
        }
        if (c < ' ' || c == 0x7f || n + 1 >= size) /* it becomes a header of the request */
            return false;
        out[n++] = (char)c;
    }
    out[n] = 0;
    return true;
}

static bool is_name(azm_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_'))
            return false;
    }
    return text.len > 0 && text.len <= 64;
}

static bool is_host(azm_slice host)
{
    bool brackets = host.len > 2 && host.ptr[0] == '[' && host.ptr[host.len - 1] == ']';
    azm_slice inner = brackets ? azm_slice_take(azm_slice_drop(host, 1), host.len - 2) : host;
    for (size_t i = 0; i < inner.len; i++) {
        char c = inner.ptr[i];
        if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' || c == '-' ||
              c == '_' || (brackets && c == ':')))
            return false;
    }
    return inner.len > 0 && host.len < 256;
}

static enum azm_status take_user(azm_slice *text, struct azm_clickhouse_address *out, struct azm_error *err)
{
    size_t at = azm_slice_rfind(*text, '@');
    if (at == text->len)
        return AZM_OK;
    azm_slice user = azm_slice_take(*text, at);
    size_t colon = azm_slice_find(user, ':');
    *text = azm_slice_drop(*text, at + 1);
    if (resolve(azm_slice_take(user, colon), out->user, sizeof out->user) &&
        resolve(azm_slice_drop(user, colon + 1), out->password, sizeof out->password))
        return AZM_OK;
    return azm_fail(err, AZM_BAD_CONFIG,
                    "the store's user or password: expected at most 127 and 255 bytes, and %%XX for '%%'");
}

static enum azm_status take_host(azm_slice text, struct azm_clickhouse_address *out, struct azm_error *err)
{
    uint64_t port = out->tls ? 8443 : 8123;
    size_t end = text.len && text.ptr[0] == '[' ? azm_slice_find(text, ']') : 0;
    size_t colon = end + azm_slice_find(azm_slice_drop(text, end), ':');
    azm_slice host = azm_slice_take(text, colon);
    if (colon < text.len &&
        (azm_slice_to_u64(azm_slice_drop(text, colon + 1), &port) != AZM_OK || port == 0 || port > 65535))
        return azm_fail(err, AZM_BAD_CONFIG, "the store's port: expected a number from 1 to 65535");
    if (!is_host(host))
        return azm_fail(err, AZM_BAD_CONFIG, "the store's host \"%.*s\": " FORM, AZM_FMT(azm_slice_take(host, 60)));
    azm_slice_copy(host, out->host, sizeof out->host);
    out->port = (unsigned)port;
    return AZM_OK;
}

enum azm_status azm_clickhouse_address_parse(azm_slice text, struct azm_clickhouse_address *out, struct azm_error *err)
{
    *out = (struct azm_clickhouse_address){.tls = azm_slice_starts(text, AZM_S("clickhouses://"))};
    azm_slice rest = azm_slice_drop(text, azm_slice_search(text, AZM_S("://")) + 3);
    size_t slash = azm_slice_rfind(rest, '/');
    azm_slice database = azm_slice_drop(rest, slash + 1);
    rest = azm_slice_take(rest, slash);
    if (!is_name(database))
        return azm_fail(err, AZM_BAD_CONFIG,
                        "the store's database \"%.*s\": expected at most 64 letters, digits and '_': " FORM,
                        AZM_FMT(azm_slice_take(database, 60)));
    azm_slice_copy(database, out->database, sizeof out->database);
    enum azm_status status = take_user(&rest, out, err);
    if (status == AZM_OK)
        status = take_host(rest, out, err);
    if (status == AZM_OK)
        snprintf(out->shown, sizeof out->shown, "%s://%s:%u/%s", out->tls ? "clickhouses" : "clickhouse", out->host,
                 out->port, out->database);
    return status;
}
