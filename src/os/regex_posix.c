#include "os/regex.h"

#include <regex.h>

#include "base/buf.h"

enum {
    EXPRESSION_MAX = 1000,
    GROWTH_MAX = 4096, /* the C library writes out what is repeated: x+ twice, x{9} nine times, and so on inside */
};

/* At most how many times longer the expression becomes when its repetitions are written out. */
static uint64_t growth(azm_slice in)
{
    uint64_t times = 1;
    for (size_t i = 0; i < in.len && times <= GROWTH_MAX; i++) {
        if (in.ptr[i] == '+')
            times *= 2;
        if (in.ptr[i] != '{')
            continue;
        uint64_t most = 2, number = 0;
        for (size_t n = i + 1; n < in.len && in.ptr[n] != '}'; n++) {
            number = in.ptr[n] >= '0' && in.ptr[n] <= '9' ? number * 10 + (uint64_t)(in.ptr[n] - '0') : 0;
            if (number > GROWTH_MAX)
                return number;
            most = number > most ? number : most;
        }
        times *= most;
    }
    return times;
}

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
    if (value.len >= sizeof(subject) || growth(expression) > GROWTH_MAX || !translate(expression, &buf) ||
        regcomp(&regex, text, flags) != 0)
        return false;
    azm_slice_copy(value, subject, sizeof(subject));
    bool found = regexec(&regex, subject, 0, NULL, 0) == 0;
    regfree(&regex);
    return found;
}
