#include "json/scan.h"

enum state {
    WANT_VALUE,
    WANT_VALUE_OR_END, /* behind '[' */
    WANT_KEY,
    WANT_KEY_OR_END, /* behind '{' */
    WANT_COLON,
    WANT_COMMA_OR_END,
    IN_STRING,
    IN_ESCAPE,
    IN_UNICODE,
    IN_WORD,
    DONE,
    BROKEN,
    TOO_DEEP,
};

void azm_json_scan_begin(struct azm_json_scan *scan,
                         void (*part)(void *self, enum azm_json_part part, azm_slice text, bool whole), void *self)
{
    scan->part = part;
    scan->self = self;
    scan->pieces = false;
    scan->objects = 0;
    scan->depth = 0;
    scan->state = WANT_VALUE;
}

/* --- texts --- */

static void begin_text(struct azm_json_scan *scan, enum state state, bool key)
{
    scan->used = 0;
    scan->whole = true;
    scan->high = 0;
    scan->key = key;
    scan->state = (uint8_t)state;
}

static void tell(struct azm_json_scan *scan, enum azm_json_part part)
{
    scan->part(scan->self, part, (azm_slice){scan->text, scan->used}, scan->whole);
}

/* What does not fit is cut, or what is there is told, and what follows it is the next piece. */
static void add(struct azm_json_scan *scan, const char *bytes, size_t n)
{
    size_t room = sizeof scan->text - scan->used;
    bool pieces = scan->pieces && !scan->key && scan->state != IN_WORD;
    for (; n > room && pieces; room = sizeof scan->text) {
        memcpy(scan->text + scan->used, bytes, room);
        scan->used = sizeof scan->text;
        tell(scan, AZM_JSON_PIECE);
        scan->used = 0;
        bytes += room;
        n -= room;
    }
    if (n > room) {
        scan->whole = false;
        n = room;
    }
    memcpy(scan->text + scan->used, bytes, n);
    scan->used = (uint16_t)(scan->used + n);
}

static void add_character(struct azm_json_scan *scan, uint32_t c)
{
    char utf8[4];
    size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
    static const uint8_t marks[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = n; i-- > 1; c >>= 6)
        utf8[i] = (char)(0x80 | (c & 0x3f));
    utf8[0] = (char)(marks[n] | c);
    add(scan, utf8, n);
}

/* A first half of a pair that no second one followed. */
static inline void end_half(struct azm_json_scan *scan)
{
    if (scan->high)
        add_character(scan, 0xfffd);
    scan->high = 0;
}

static void end_unicode(struct azm_json_scan *scan)
{
    uint32_t c = scan->unicode;
    if (c >= 0xdc00 && c < 0xe000 && scan->high) {
        c = 0x10000 + ((scan->high - 0xd800) << 10) + (c - 0xdc00);
        scan->high = 0;
    }
    end_half(scan);
    if (c >= 0xd800 && c < 0xdc00)
        scan->high = c;
    else
        add_character(scan, c >= 0xdc00 && c < 0xe000 ? 0xfffd : c);
}

/* --- structure --- */

static void value_done(struct azm_json_scan *scan)
{
    scan->state = scan->depth ? WANT_COMMA_OR_END : DONE;
}

static void end_string(struct azm_json_scan *scan)
{
    end_half(scan);
    tell(scan, scan->key ? AZM_JSON_KEY : AZM_JSON_STRING);
    if (scan->key)
        scan->state = WANT_COLON;
    else
        value_done(scan);
}

static bool in_object(const struct azm_json_scan *scan)
{
    return scan->depth && scan->objects >> (scan->depth - 1) & 1;
}

static void open(struct azm_json_scan *scan, bool object)
{
    if (scan->depth == AZM_JSON_SCAN_DEPTH) {
        scan->state = TOO_DEEP;
        return;
    }
    uint64_t bit = (uint64_t)1 << scan->depth++;
    scan->objects = object ? scan->objects | bit : scan->objects & ~bit;
    scan->state = object ? WANT_KEY_OR_END : WANT_VALUE_OR_END;
    scan->part(scan->self, object ? AZM_JSON_OBJECT : AZM_JSON_ARRAY, AZM_S(""), true);
}

static void close(struct azm_json_scan *scan, bool object)
{
    if (!scan->depth || in_object(scan) != object) {
        scan->state = BROKEN;
        return;
    }
    scan->depth--;
    value_done(scan);
    scan->part(scan->self, object ? AZM_JSON_OBJECT_END : AZM_JSON_ARRAY_END, AZM_S(""), true);
}

static bool is_word(char c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '+' ||
           c == '.';
}

static bool is_space(char c)
{
    return c == ' ' || c == '\n' || c == '\r' || c == '\t';
}

static void begin_value(struct azm_json_scan *scan, char c)
{
    if (c == '"') {
        begin_text(scan, IN_STRING, false);
    } else if (c == '{' || c == '[') {
        open(scan, c == '{');
    } else if (is_word(c)) {
        begin_text(scan, IN_WORD, false);
        add(scan, &c, 1);
    } else {
        scan->state = BROKEN;
    }
}

static void comma_or_end(struct azm_json_scan *scan, char c)
{
    if (c == ',')
        scan->state = in_object(scan) ? WANT_KEY : WANT_VALUE;
    else if (c == '}' || c == ']')
        close(scan, c == '}');
    else
        scan->state = BROKEN;
}

/* A character between texts, no white space. */
static void structural(struct azm_json_scan *scan, char c)
{
    switch ((enum state)scan->state) {
    case WANT_VALUE: begin_value(scan, c); break;
    case WANT_VALUE_OR_END:
        if (c == ']')
            close(scan, false);
        else
            begin_value(scan, c);
        break;
    case WANT_KEY_OR_END:
    case WANT_KEY:
        if (c == '"')
            begin_text(scan, IN_STRING, true);
        else if (c == '}' && scan->state == WANT_KEY_OR_END)
            close(scan, true);
        else
            scan->state = BROKEN;
        break;
    case WANT_COLON: scan->state = c == ':' ? WANT_VALUE : BROKEN; break;
    case WANT_COMMA_OR_END: comma_or_end(scan, c); break;
    case IN_STRING:
    case IN_ESCAPE:
    case IN_UNICODE:
    case IN_WORD:
    case DONE:
    case BROKEN:
    case TOO_DEEP: scan->state = BROKEN; break;
    }
}

/* --- pieces --- */

/* A string's plain bytes, as many as there are: most of a long text. */
static const char *pass_string(struct azm_json_scan *scan, const char *p, const char *end)
{
    const char *begin = p;
    while (p < end && *p != '"' && *p != '\\' && (uint8_t)*p >= 0x20)
        p++;
    if (p > begin) {
        end_half(scan);
        add(scan, begin, (size_t)(p - begin));
    }
    if (p == end)
        return p;
    if (*p == '"')
        end_string(scan);
    else
        scan->state = *p == '\\' ? IN_ESCAPE : BROKEN;
    return p + 1;
}

static void escape(struct azm_json_scan *scan, char c)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    const char *found = c ? strchr(from, c) : NULL;
    scan->state = IN_STRING;
    if (found) {
        end_half(scan);
        add(scan, &to[found - from], 1);
    } else if (c == 'u') {
        scan->state = IN_UNICODE;
        scan->unicode = 0;
        scan->digits = 0;
    } else {
        scan->state = BROKEN;
    }
}

static void unicode(struct azm_json_scan *scan, char c)
{
    uint32_t digit = c >= '0' && c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a') + 10;
    if (digit > 15) {
        scan->state = BROKEN;
        return;
    }
    scan->unicode = scan->unicode << 4 | digit;
    if (++scan->digits == 4) {
        scan->state = IN_STRING;
        end_unicode(scan);
    }
}

static const char *pass_word(struct azm_json_scan *scan, const char *p, const char *end)
{
    const char *begin = p;
    while (p < end && is_word(*p))
        p++;
    add(scan, begin, (size_t)(p - begin));
    if (p < end) {
        tell(scan, AZM_JSON_WORD);
        value_done(scan);
    }
    return p;
}

static enum azm_status status_of(const struct azm_json_scan *scan)
{
    return scan->state == BROKEN ? AZM_BAD_INPUT : scan->state == TOO_DEEP ? AZM_TOO_BIG : AZM_OK;
}

enum azm_status azm_json_scan_feed(struct azm_json_scan *scan, azm_slice piece)
{
    const char *p = piece.ptr, *end = p + piece.len;
    while (p < end && scan->state < BROKEN) {
        switch ((enum state)scan->state) {
        case IN_STRING: p = pass_string(scan, p, end); break;
        case IN_ESCAPE: escape(scan, *p++); break;
        case IN_UNICODE: unicode(scan, *p++); break;
        case IN_WORD: p = pass_word(scan, p, end); break;
        case WANT_VALUE:
        case WANT_VALUE_OR_END:
        case WANT_KEY:
        case WANT_KEY_OR_END:
        case WANT_COLON:
        case WANT_COMMA_OR_END:
        case DONE:
        case BROKEN:
        case TOO_DEEP:
            if (!is_space(*p))
                structural(scan, *p);
            p++;
            break;
        }
    }
    return status_of(scan);
}

enum azm_status azm_json_scan_end(struct azm_json_scan *scan)
{
    if (scan->state == IN_WORD && scan->depth == 0) { /* only its end tells that a number is over */
        tell(scan, AZM_JSON_WORD);
        scan->state = DONE;
    }
    if (scan->state < BROKEN && scan->state != DONE)
        scan->state = BROKEN;
    return status_of(scan);
}
