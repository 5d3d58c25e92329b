#include "trace/redact_text.h"

static bool is_name_char(char c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '_' || c == '-' || c == '.';
}

static bool is_one_of(char c, const char *set)
{
    return c && strchr(set, c);
}

static size_t while_one_of(azm_slice text, size_t at, const char *set)
{
    while (at < text.len && is_one_of(text.ptr[at], set))
        at++;
    return at;
}

/* Also a zero byte ends it. */
static size_t until_one_of(azm_slice text, size_t at, const char *set)
{
    while (at < text.len && text.ptr[at] && !is_one_of(text.ptr[at], set))
        at++;
    return at;
}

/* The name that ends before the separator: name=, name =, "name":, 'name' =. */
static azm_slice name_before(azm_slice text, size_t separator, size_t *begin)
{
    size_t end = separator;
    while (end > 0 && (text.ptr[end - 1] == ' ' || text.ptr[end - 1] == '\t'))
        end--;
    if (end > 0 && is_one_of(text.ptr[end - 1], "\"'"))
        end--;
    size_t at = end;
    while (at > 0 && is_name_char(text.ptr[at - 1]))
        at--;
    *begin = at;
    return (azm_slice){text.ptr + at, end - at};
}

static bool is_secret_name(azm_slice name, char separator)
{
    if (azm_slice_eq_nocase(name, AZM_S("PublicKeyToken"))) /* of a .NET assembly */
        return false;
    if (separator == '=' && (azm_slice_eq_nocase(name, AZM_S("sig")) || azm_slice_eq_nocase(name, AZM_S("code"))))
        return true;
    if (azm_slice_ends_nocase(name, AZM_S("Error")) || azm_slice_ends_nocase(name, AZM_S("Exception")))
        return false;
    return name.len && azm_redact_is_secret(name, AZM_S(AZM_SANITIZE_DEFAULT));
}

/* A colon also stands behind names of files. */
static bool hides(azm_slice text, size_t separator)
{
    size_t begin;
    azm_slice name = name_before(text, separator, &begin);
    bool colon = text.ptr[separator] == ':';
    if (colon && (azm_slice_find(name, '.') < name.len || (begin > 0 && is_one_of(text.ptr[begin - 1], "/\\"))))
        return false;
    return is_secret_name(name, text.ptr[separator]);
}

static bool is_scheme_of_credentials(azm_slice word)
{
    return azm_slice_eq_nocase(word, AZM_S("Bearer")) || azm_slice_eq_nocase(word, AZM_S("Basic"));
}

static azm_slice word_at(azm_slice text, size_t at)
{
    size_t end = at;
    while (end < text.len && is_name_char(text.ptr[end]))
        end++;
    return (azm_slice){text.ptr + at, end - at};
}

/* Where the value that begins at `at` ends. */
static size_t value_end(azm_slice text, size_t at, size_t *begin)
{
    azm_slice word = word_at(text, at);
    char quote[3] = {0, '\n', 0};
    *begin = at;
    if (at < text.len && is_one_of(text.ptr[at], "\"'")) {
        quote[0] = text.ptr[at];
        *begin = at + 1;
        return until_one_of(text, at + 1, quote);
    }
    if (is_scheme_of_credentials(word))
        at = while_one_of(text, at + word.len, " \t");
    return until_one_of(text, at, " \t\r\n;,&\"'<>)]}");
}

/* The end of a secret that begins behind the separator, or the separator where there is none. */
static size_t secret_of_pair(azm_slice text, size_t separator, size_t *begin)
{
    if (!hides(text, separator))
        return separator;
    return value_end(text, while_one_of(text, separator + 1, " \t"), begin);
}

/* "user:password" of "://user:password@host". */
static size_t secret_of_url(azm_slice text, size_t separator, size_t *begin)
{
    if (!azm_slice_starts(azm_slice_drop(text, separator), AZM_S("://")))
        return separator;
    *begin = separator + 3;
    azm_slice authority = {text.ptr + *begin, until_one_of(text, *begin, "/?# \t\r\n\"'<>") - *begin};
    size_t at = azm_slice_rfind(authority, '@');
    return at < authority.len ? *begin + at : separator;
}

static size_t secret_of_word(azm_slice text, size_t at, size_t *begin)
{
    azm_slice word = word_at(text, at);
    size_t value = while_one_of(text, at + word.len, " \t");
    if (!is_scheme_of_credentials(word) || value == at + word.len)
        return at;
    *begin = value;
    size_t end = until_one_of(text, value, " \t\r\n;,&\"'<>)]}");
    return end - value >= 8 ? end : at; /* else it is an ordinary word: "Basic setup failed" has few that long */
}

void azm_redact_text(struct azm_buf *out, azm_slice text)
{
    size_t done = 0, begin = 0;
    for (size_t at = 0; at < text.len; at++) {
        size_t end = at;
        char c = text.ptr[at];
        if (c == '=' || c == ':')
            end = secret_of_pair(text, at, &begin);
        if (c == ':' && end == at)
            end = secret_of_url(text, at, &begin);
        if (is_one_of(c, "Bb") && (at == 0 || !is_name_char(text.ptr[at - 1])))
            end = secret_of_word(text, at, &begin);
        if (end <= at || end <= begin || begin < done)
            continue;
        azm_buf_add(out, (azm_slice){text.ptr + done, begin - done});
        azm_buf_add(out, AZM_REDACTED);
        done = end;
        at = end - 1;
    }
    azm_buf_add(out, azm_slice_drop(text, done));
}
