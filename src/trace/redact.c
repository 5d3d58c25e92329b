#include "trace/redact.h"

#include "base/wildcard.h"

bool azm_redact_is_secret(azm_slice name, azm_slice patterns)
{
    return azm_slice_eq_nocase(name, AZM_S("cookie")) || azm_slice_eq_nocase(name, AZM_S("set-cookie")) ||
           azm_slice_eq_nocase(name, AZM_S("x-arr-clientcert")) || azm_wildcard_match_any(patterns, name);
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    c = (char)(c | 0x20);
    return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

/* A query parameter's name is compared as the server would read it. */
static bool is_secret_parameter(azm_slice name)
{
    static const azm_slice secrets[] = {AZM_S_INIT("code"),
                                        AZM_S_INIT("sig"),
                                        AZM_S_INIT("signature"),
                                        AZM_S_INIT("awsaccesskeyid"),
                                        AZM_S_INIT("x-amz-signature"),
                                        AZM_S_INIT("x-amz-credential"),
                                        AZM_S_INIT("x-amz-security-token"),
                                        AZM_S_INIT("x-goog-signature")};
    char text[24]; /* longer than any of them */
    size_t n = 0;
    for (size_t i = 0; i < name.len && n < sizeof text; n++) {
        int high = -1, low = -1;
        if (name.ptr[i] == '%' && i + 2 < name.len) {
            high = hex_digit(name.ptr[i + 1]);
            low = hex_digit(name.ptr[i + 2]);
        }
        text[n] = high >= 0 && low >= 0 ? (char)(high << 4 | low) : name.ptr[i];
        i += high >= 0 && low >= 0 ? 3 : 1;
    }
    azm_slice read = {text, n};
    for (size_t i = 0; i < AZM_COUNT(secrets); i++)
        if (azm_slice_eq_nocase(read, secrets[i]))
            return true;
    return false;
}

/* How far "https" of "https://" reaches; 0 where the text does not begin with a scheme. */
static size_t scheme_len(azm_slice url)
{
    size_t n = 0;
    while (n < url.len && ((url.ptr[n] | 0x20) >= 'a' && (url.ptr[n] | 0x20) <= 'z'))
        n++;
    return azm_slice_starts(azm_slice_drop(url, n), AZM_S("://")) ? n : 0;
}

/* The position of the first of some characters, or text.len. */
static size_t until(azm_slice text, const char *ends)
{
    for (size_t i = 0; i < text.len; i++)
        for (const char *end = ends; *end; end++)
            if (text.ptr[i] == *end)
                return i;
    return text.len;
}

/* "https://user:password@host" without what stands before the '@'. */
static azm_slice add_scheme(struct azm_buf *out, azm_slice url)
{
    size_t scheme = azm_slice_find(url, '@') < url.len ? scheme_len(url) : 0;
    if (!scheme)
        return url;
    azm_buf_add(out, azm_slice_take(url, scheme + 3));
    url = azm_slice_drop(url, scheme + 3);
    azm_slice authority = azm_slice_take(url, until(url, "/?#"));
    size_t user = azm_slice_rfind(authority, '@');
    return user < authority.len ? azm_slice_drop(url, user + 1) : url;
}

/* One parameter, from the '?', '&' or '#' before it; returns what follows it. A secret reaches to the next '&' or '#':
 * it may hold a '?'. */
static azm_slice add_parameter(struct azm_buf *out, azm_slice at)
{
    size_t end = 1 + until(azm_slice_drop(at, 1), "=?&#");
    if (end == at.len || at.ptr[end] != '=' || !is_secret_parameter((azm_slice){at.ptr + 1, end - 1})) {
        end += until(azm_slice_drop(at, end), "?&#");
        azm_buf_add(out, azm_slice_take(at, end));
        return azm_slice_drop(at, end);
    }
    azm_buf_add(out, azm_slice_take(at, end + 1));
    azm_buf_add(out, AZM_REDACTED);
    at = azm_slice_drop(at, end + 1);
    return azm_slice_drop(at, until(at, "&#"));
}

void azm_redact_url(struct azm_buf *out, azm_slice url)
{
    url = add_scheme(out, url);
    size_t path = azm_slice_find(azm_slice_take(url, azm_slice_find(url, '?')), '#');
    azm_buf_add(out, azm_slice_take(url, path));
    for (url = azm_slice_drop(url, path); url.len;)
        url = add_parameter(out, url);
}
