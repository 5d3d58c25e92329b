#include "grpc/message.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/buf.h"

/* What comes out, as text: "<" begins, "c" compressed, the size, ":", the body, ">" ends. */
static enum azm_status read(azm_slice in, size_t cut, bool bytewise, struct azm_buf *log)
{
    struct azm_grpc_reader reader = {0};
    struct azm_grpc_part part;
    enum azm_status st = AZM_MORE;
    while (in.len && st == AZM_MORE) {
        azm_slice piece = azm_slice_take(in, bytewise ? 1 : cut ? cut : in.len);
        in = azm_slice_drop(in, piece.len);
        cut = 0;
        while ((st = azm_grpc_reader_next(&reader, &piece, &part)) == AZM_OK) {
            if (part.begins)
                azm_buf_addf(log, "<%s%u:", part.compressed ? "c" : "", (unsigned)part.size);
            azm_buf_add(log, part.piece);
            if (part.ends)
                azm_buf_add(log, AZM_S(">"));
        }
    }
    if (st == AZM_MORE)
        azm_buf_add(log, azm_grpc_reader_idle(&reader) ? AZM_S(".") : AZM_S("~"));
    return st;
}

static void rows(void **state)
{
    static const struct {
        azm_slice in;
        enum azm_status status;
        const char *log;
    } cases[] = {
        {{"", 0}, AZM_MORE, "."},
        {{"\0\0\0\0\3abc", 8}, AZM_MORE, "<3:abc>."},
        {{"\0\0\0\0\0", 5}, AZM_MORE, "<0:>."},
        {{"\0\0\0\0\0\0\0\0\0\1x\0\0\0\0\0", 16}, AZM_MORE, "<0:><1:x><0:>."},
        {{"\1\0\0\0\2zz\0\0\0\0\1y", 13}, AZM_MORE, "<c2:zz><1:y>."},
        {{"\0\0\0\0\3ab", 7}, AZM_MORE, "<3:ab~"},
        {{"\0\0\0", 3}, AZM_MORE, "~"},
        {{"\0\0\1\0\0abc", 8}, AZM_MORE, "<65536:abc~"},
        {{"\0\x7f\xff\xff\xff!", 6}, AZM_MORE, "<2147483647:!~"},
        {{"\0\x80\0\0\0!", 6}, AZM_BAD_INPUT, ""},                /* over 2 GiB */
        {{"\0\0\0\0\1x\2\0\0\0\1y", 12}, AZM_BAD_INPUT, "<1:x>"}, /* flag 2 */
        {{"HTTP/1.1 400", 12}, AZM_BAD_INPUT, ""},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        for (size_t cut = 0; cut <= cases[i].in.len + 1; cut++) {
            char text[128];
            struct azm_buf log;
            azm_buf_init_fixed(&log, text, sizeof text);
            enum azm_status st = read(cases[i].in, cut, cut > cases[i].in.len, &log);
            azm_buf_add_byte(&log, 0);
            assert_string_equal(text, cases[i].log);
            assert_int_equal(st, cases[i].status);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(rows)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
