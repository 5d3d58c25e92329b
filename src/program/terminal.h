/* What a terminal can show, and foreign text made fit for it. */
#pragma once

#include "base/buf.h"

struct azm_terminal {
    bool utf8, color;
    unsigned columns;
};

/* Of stdout: colours on a terminal only and not with NO_COLOR; UTF-8 by LC_ALL, LC_CTYPE, LANG; columns from COLUMNS,
 * else the terminal's, else 100. */
struct azm_terminal azm_terminal_of_stdout(void);

enum azm_color { AZM_PLAIN, AZM_RED, AZM_GREEN, AZM_CYAN, AZM_FAINT };

/* Appends text cut to max_columns (the last one then a mark) and padded to min_columns. Control characters, C1 and
 * bidirectional overrides among them, become '?' or U+FFFD, so no text from elsewhere can steer the terminal. Returns
 * the columns used. */
unsigned azm_terminal_add(const struct azm_terminal *terminal, struct azm_buf *out, azm_slice text,
                          unsigned min_columns, unsigned max_columns);
/* From here on in this colour; nothing where there are none. */
void azm_terminal_color(const struct azm_terminal *terminal, struct azm_buf *out, enum azm_color color);
