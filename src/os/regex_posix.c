#include "os/regex.h"

#include <regex.h>

#include "base/buf.h"

enum { EXPRESSION_MAX = 1000 };

/* In POSIX's words, with a NUL at the end; false when it says what POSIX cannot. */
static bool translate(azm_slice in, struct azm_buf *out)
{
    bool bracket = false;
    for (size_t i = 0; i < in.len; i++) {
        char c = in.ptr[i], next = i + 1 < in.len ? in.ptr[i + 1] : '\0';
        if (c == '\0' || (c == '(' && next == '?' && !bracket) || (c == '\\' && next == '\0'))
            return false;
        if (c != '\\') {
            bracket = bracket ? c != ']' : c == '[';
            azm_buf_add_byte(out, (uint8_t)c);
            continue;
        }
        i++;
        if (next == 'd')
            azm_buf_add_str(out, bracket ? "0-9" : "[0-9]");
        else if (bracket && strchr("ws", next))
            return false;
        else if (strchr("ws.*+?()[]{}|^$\\/-", next))
            azm_buf_addf(out, bracket || next == '/' || next == '-' ? "%c" : "\\%c", next);
        else
            return false;
    }
    azm_buf_add_byte(out, '\0');
    return !out->failed;
}

bool azm_regex_found(azm_slice expression, azm_slice value)
{
    char text[EXPRESSION_MAX], subject[EXPRESSION_MAX];
    struct azm_buf buf;
    regex_t regex;
    int flags = REG_EXTENDED | REG_NOSUB;
    azm_buf_init_fixed(&buf, text, sizeof(text));
    if (azm_slice_starts(expression, AZM_S("(?i)"))) {
        flags |= REG_ICASE;
        expression = azm_slice_drop(expression, 4);
    }
    if (value.len >= sizeof(subject) || !translate(expression, &buf) || regcomp(&regex, text, flags) != 0)
        return false;
    azm_slice_copy(value, subject, sizeof(subject));
    bool found = regexec(&regex, subject, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}
