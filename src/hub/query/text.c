#include "hub/query/text.h"

#include "base/utf8.h"

static void add_escaped(struct azm_buf *out, unsigned char c)
{
    if (c == '"' || c == '\\') {
        azm_buf_add_byte(out, '\\');
        azm_buf_add_byte(out, c);
    } else {
        azm_buf_addf(out, "\\u%04x", c);
    }
}

void azm_text_add_json(struct azm_buf *out, azm_slice text)
{
    azm_buf_add_byte(out, '"');
    while (text.len) {
        size_t n = azm_utf8_char(text);
        unsigned char c = (unsigned char)text.ptr[0];
        if (n == 0)
            azm_buf_add(out, AZM_S("\xef\xbf\xbd"));
        else if (n > 1 || (c >= ' ' && c != '"' && c != '\\' && c != 0x7f))
            azm_buf_add(out, azm_slice_take(text, n));
        else
            add_escaped(out, c);
        text = azm_slice_drop(text, n ? n : 1);
    }
    azm_buf_add_byte(out, '"');
}

void azm_text_add_member(struct azm_buf *out, const char *key, azm_slice text)
{
    if (text.len == 0)
        return;
    azm_buf_addf(out, ",\"%s\":", key);
    azm_text_add_json(out, text);
}
