#include "hub/head.h"

/* A body that claims to be longer is no body. */
#define LENGTH_MAX (UINT64_C(1) << 53)

char azm_head_bad_target;

static bool bad_escape(azm_slice rest)
{
    static const azm_slice escapes[] = {AZM_S_INIT("%00"), AZM_S_INIT("%2f"), AZM_S_INIT("%5c")};
    for (size_t i = 0; i < AZM_COUNT(escapes); i++)
        if (azm_slice_starts_nocase(rest, escapes[i]))
            return true;
    return false;
}

static bool is_control(char c)
{
    return (unsigned char)c < 0x20 || c == 0x7f;
}

void *azm_head_target(void *self, const char *target, struct MHD_Connection *connection)
{
    (void)self, (void)connection;
    azm_slice all = azm_slice_str(target);
    size_t path = azm_slice_find(all, '?');
    for (size_t i = 0; i < all.len; i++)
        if (is_control(all.ptr[i]) || all.ptr[i] == ' ' || (i < path && bad_escape(azm_slice_drop(all, i))))
            return AZM_HEAD_BAD_TARGET;
    return NULL;
}

/* RFC 9110, section 5.6.2. */
static bool is_token(azm_slice name)
{
    for (size_t i = 0; i < name.len; i++) {
        char c = name.ptr[i];
        bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!letter && (c == '\0' || !strchr("!#$%&'*+-.^_`|~", c)))
            return false;
    }
    return name.len > 0;
}

static bool is_text(azm_slice value)
{
    for (size_t i = 0; i < value.len; i++)
        if (is_control(value.ptr[i]) && value.ptr[i] != '\t')
            return false;
    return true;
}

struct fields {
    unsigned lengths, encodings, hosts;
    bool malformed, other_coding, too_long, other_expectation;
};

/* libmicrohttpd hangs the continuation of a folded line onto the field's name: "Content-Length48". */
static bool is_mutilated(azm_slice name, azm_slice of)
{
    return name.len > of.len && azm_slice_starts_nocase(name, of);
}

static void look_at(struct fields *fields, azm_slice name, azm_slice value)
{
    static const azm_slice length = {"Content-Length", 14}, encoding = {"Transfer-Encoding", 17};
    uint64_t number;
    if (!is_token(name) || !is_text(value) || is_mutilated(name, length) || is_mutilated(name, encoding))
        fields->malformed = true;
    if (azm_slice_eq_nocase(name, AZM_S("Host")))
        fields->hosts++;
    if (azm_slice_eq_nocase(name, AZM_S("Expect")) && !azm_slice_eq_nocase(value, AZM_S("100-continue")))
        fields->other_expectation = true;
    if (azm_slice_eq_nocase(name, length)) {
        fields->lengths++;
        fields->too_long |= azm_slice_to_u64(value, &number) != AZM_OK || number > LENGTH_MAX;
    }
    if (azm_slice_eq_nocase(name, encoding)) {
        fields->encodings++;
        fields->other_coding |= !azm_slice_eq_nocase(value, AZM_S("chunked"));
    }
}

static enum MHD_Result each(void *self, enum MHD_ValueKind kind, const char *name, size_t name_size, const char *value,
                            size_t value_size)
{
    (void)kind;
    look_at(self, azm_slice_of(name, name_size), azm_slice_of(value, value ? value_size : 0));
    return MHD_YES;
}

struct azm_head_fault azm_head_check(struct MHD_Connection *connection, azm_slice version)
{
    struct fields is = {.malformed = false};
    bool old = azm_slice_eq(version, AZM_S("HTTP/1.0"));
    MHD_get_connection_values_n(connection, MHD_HEADER_KIND, each, &is);
    if (is.malformed)
        return (struct azm_head_fault){400, "a header field is malformed"};
    if (is.hosts > 1 || (is.hosts == 0 && !old))
        return (struct azm_head_fault){400, "expected one Host"};
    if (is.lengths > 1 || is.encodings > 1 || (is.lengths && is.encodings) || (is.encodings && old))
        return (struct azm_head_fault){400, "expected one Content-Length, or Transfer-Encoding in HTTP/1.1, not both"};
    if (is.other_coding)
        return (struct azm_head_fault){501, "Transfer-Encoding: expected chunked"};
    if (is.too_long)
        return (struct azm_head_fault){413, "Content-Length is too large"};
    if (is.other_expectation)
        return (struct azm_head_fault){417, "Expect: expected 100-continue"};
    return (struct azm_head_fault){.status = 0};
}
