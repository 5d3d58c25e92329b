#include "program/terminal.h"

#include "base/utf8.h"

#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { COLUMNS_DEFAULT = 100, COLUMNS_LEAST = 40, COLUMNS_MOST = 1000 };

static bool locale_is_utf8(void)
{
    static const char *const names[] = {"LC_ALL", "LC_CTYPE", "LANG"}; /* the first that is not empty decides */
    for (size_t i = 0; i < AZM_COUNT(names); i++) {
        azm_slice value = azm_slice_str(getenv(names[i]));
        if (value.len == 0)
            continue;
        azm_slice set = azm_slice_drop(value, azm_slice_find(value, '.') + 1);
        return azm_slice_starts_nocase(set, AZM_S("utf-8")) || azm_slice_starts_nocase(set, AZM_S("utf8"));
    }
    return false;
}

static unsigned terminal_columns(bool tty)
{
    uint64_t columns = 0;
    if (azm_slice_to_u64(azm_slice_str(getenv("COLUMNS")), &columns) == AZM_OK && columns >= COLUMNS_LEAST)
        return columns < COLUMNS_MOST ? (unsigned)columns : COLUMNS_MOST;
    uv_tty_t handle;
    int width = 0, height;
    if (tty && uv_tty_init(uv_default_loop(), &handle, 1, 0) == 0) {
        if (uv_tty_get_winsize(&handle, &width, &height) != 0)
            width = 0;
        uv_close((uv_handle_t *)&handle, NULL);
        uv_run(uv_default_loop(), UV_RUN_DEFAULT);
    }
    return width >= COLUMNS_LEAST ? (unsigned)width : COLUMNS_DEFAULT;
}

struct azm_terminal azm_terminal_of_stdout(void)
{
    bool tty = uv_guess_handle(1) == UV_TTY;
    const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
    bool dumb = term && strcmp(term, "dumb") == 0;
    return (struct azm_terminal){.utf8 = locale_is_utf8(),
                                 .color = tty && !dumb && !(no_color && no_color[0]),
                                 .columns = terminal_columns(tty)};
}

static uint32_t code_point(azm_slice s, size_t n)
{
    const uint8_t *b = (const uint8_t *)s.ptr;
    switch (b ? n : 0) {
    case 0: return 0;
    case 2: return (b[0] & 0x1fu) << 6 | (b[1] & 0x3fu);
    case 3: return (b[0] & 0x0fu) << 12 | (b[1] & 0x3fu) << 6 | (b[2] & 0x3fu);
    case 4: return (b[0] & 0x07u) << 18 | (b[1] & 0x3fu) << 12 | (b[2] & 0x3fu) << 6 | (b[3] & 0x3fu);
    default: return b[0];
    }
}

struct range {
    uint32_t first, last;
};

static bool within(const struct range *ranges, size_t count, uint32_t c)
{
    for (size_t i = 0; i < count; i++)
        if (c >= ranges[i].first && c <= ranges[i].last)
            return true;
    return false;
}

/* C0, DEL and C1; line and paragraph separators; marks and overrides of direction; the byte order mark, and tags. */
static const struct range unsafe[] = {{0, 0x1f},        {0x7f, 0x9f},     {0x061c, 0x061c},
                                      {0x200b, 0x200f}, {0x2028, 0x202e}, {0x2060, 0x206f},
                                      {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe0fff}};
static const struct range wide[] = {{0x1100, 0x115f}, {0x2e80, 0xa4cf}, {0xac00, 0xd7a3},   {0xf900, 0xfaff},
                                    {0xfe30, 0xfe6f}, {0xff00, 0xff60}, {0x1f300, 0x1faff}, {0x20000, 0x3fffd}};
static const struct range combining[] = {{0x0300, 0x036f}, {0xfe00, 0xfe0f}, {0x20d0, 0x20ff}};

/* What is shown for the first character of s; *n: its bytes. */
static azm_slice shown(const struct azm_terminal *terminal, azm_slice s, size_t *n, unsigned *columns)
{
    *n = azm_utf8_char(s);
    uint32_t c = *n ? code_point(s, *n) : 0;
    azm_slice same = azm_slice_take(s, *n);
    *columns = 1;
    if (*n == 0 || within(unsafe, AZM_COUNT(unsafe), c)) {
        *n = *n ? *n : 1;
        return terminal->utf8 ? AZM_S("\xef\xbf\xbd") : AZM_S("?");
    }
    if (!terminal->utf8 && c > 0x7e)
        return AZM_S("?");
    if (within(wide, AZM_COUNT(wide), c))
        *columns = 2;
    else if (within(combining, AZM_COUNT(combining), c))
        *columns = 0;
    return same;
}

static unsigned width_of(const struct azm_terminal *terminal, azm_slice text)
{
    unsigned total = 0, columns;
    for (size_t n; text.len; text = azm_slice_drop(text, n)) {
        shown(terminal, text, &n, &columns);
        total += columns;
    }
    return total;
}

unsigned azm_terminal_add(const struct azm_terminal *terminal, struct azm_buf *out, azm_slice text,
                          unsigned min_columns, unsigned max_columns)
{
    unsigned used = 0, columns;
    bool cut = width_of(terminal, text) > max_columns;
    unsigned room = cut && max_columns ? max_columns - 1 : max_columns;
    for (size_t n; text.len; text = azm_slice_drop(text, n)) {
        azm_slice piece = shown(terminal, text, &n, &columns);
        if (used + columns > room)
            break;
        azm_buf_add(out, piece);
        used += columns;
    }
    if (cut && max_columns) {
        azm_buf_add(out, terminal->utf8 ? AZM_S("\xe2\x80\xa6") : AZM_S("~"));
        used++;
    }
    for (; used < min_columns; used++)
        azm_buf_add_byte(out, ' ');
    return used;
}

void azm_terminal_color(const struct azm_terminal *terminal, struct azm_buf *out, enum azm_color color)
{
    static const char *const codes[] = {"\x1b[0m", "\x1b[31m", "\x1b[32m", "\x1b[36m", "\x1b[2m"};
    if (terminal->color)
        azm_buf_add_str(out, codes[color]);
}
