#include "http/h2_log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define PREFACE                            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
#define FRAME(length, type, flags, stream) "\0\0" length type flags "\0\0\0" stream
#define SETTINGS                           FRAME("\0", "\4", "\0", "\0")
#define SETTINGS_ACK                       FRAME("\0", "\4", "\1", "\0")
#define TABLE_SIZE(size)                   FRAME("\6", "\4", "\0", "\0") "\0\1\0\0" size
#define CLIENT                             PREFACE SETTINGS
#define PING                               FRAME("\x8", "\6", "\0", "\0") "12345678"
#define GET                                "\x82"      /* :method GET, static table */
#define PATH                               "\x44\3/ab" /* :path /ab, into the dynamic table */
#define AGAIN                              "\xbe"      /* the newest entry of the dynamic table */

#define BYTEWISE SIZE_MAX

/* cut 0: all at once; else in two pieces. Pieces are copied to exact storage, so that
 * the sanitizers see a byte read too far. */
static enum azm_status feed(struct azm_h2 *h2, azm_slice in, size_t cut)
{
    enum azm_status st = AZM_OK;
    for (bool first = true; in.len; first = false) {
        size_t n = cut == BYTEWISE ? 1 : cut && first ? cut : in.len;
        char *piece = test_malloc(n);
        memcpy(piece, in.ptr, n);
        st = azm_h2_feed(h2, (azm_slice){piece, n});
        test_free(piece);
        in = azm_slice_drop(in, n);
    }
    return st;
}

struct row {
    const char *name;
    bool server;
    azm_slice in;
    enum azm_status status;
    const char *log;
};
#define CLIENT_ROW(name, bytes, status, log)                                                                           \
    {                                                                                                                  \
        name, false, {bytes, sizeof(bytes) - 1}, status, log                                                           \
    }
#define SERVER_ROW(name, bytes, status, log)                                                                           \
    {                                                                                                                  \
        name, true, {bytes, sizeof(bytes) - 1}, status, log                                                            \
    }

static const struct row rows[] = {
    CLIENT_ROW("preface only", PREFACE, AZM_OK, ""),
    CLIENT_ROW("half a preface", "PRI * HTTP/2", AZM_OK, ""),
    CLIENT_ROW("no preface", "GET / HTTP/1.1\r\n\r\n", AZM_BAD_INPUT, ""),
    CLIENT_ROW("preface without SETTINGS", PREFACE PING, AZM_BAD_INPUT, ""),
    CLIENT_ROW("ACK before SETTINGS", PREFACE SETTINGS_ACK, AZM_BAD_INPUT, ""),
    CLIENT_ROW("request", CLIENT FRAME("\1", "\1", "\5", "\1") GET, AZM_OK, "1 :method=GET\n1 headers end\n1 end\n"),
    CLIENT_ROW("request with a body",
               CLIENT FRAME("\1", "\1", "\4", "\1")
                   GET FRAME("\2", "\0", "\0", "\1") "ab" FRAME("\3", "\0", "\1", "\1") "cde",
               AZM_OK, "1 :method=GET\n1 headers\n1 data abcde\n1 end\n"),
    CLIENT_ROW("empty DATA", CLIENT FRAME("\0", "\0", "\0", "\1") FRAME("\0", "\0", "\1", "\1"), AZM_OK, "1 end\n"),
    CLIENT_ROW("padded DATA", CLIENT FRAME("\x6", "\0", "\x9", "\1") "\3ab\0\0\0" FRAME("\2", "\0", "\0", "\3") "xy",
               AZM_OK, "1 data ab\n1 end\n3 data xy"),
    CLIENT_ROW("padding of 0", CLIENT FRAME("\3", "\0", "\x8", "\1") "\0ab", AZM_OK, "1 data ab"),
    CLIENT_ROW("only padding", CLIENT FRAME("\3", "\0", "\x9", "\1") "\2\0\0", AZM_OK, "1 end\n"),
    CLIENT_ROW("padding fills more than the frame", CLIENT FRAME("\3", "\0", "\x8", "\1") "\3ab", AZM_BAD_INPUT, ""),
    CLIENT_ROW("padded without a pad length", CLIENT FRAME("\0", "\0", "\x8", "\1") PING, AZM_BAD_INPUT, ""),
    CLIENT_ROW("padding and priority",
               CLIENT FRAME("\xa", "\1", "\x2c", "\1") "\2"
                                                       "prior" PATH "\0\0",
               AZM_BAD_INPUT, ""),
    CLIENT_ROW("padded headers with priority",
               CLIENT FRAME("\xd", "\1", "\x2c", "\1") "\2"
                                                       "prior" PATH "\0\0",
               AZM_OK, "1 :path=/ab\n1 headers\n"),
    CLIENT_ROW("headers too short for priority", CLIENT FRAME("\4", "\1", "\x24", "\1") "prio", AZM_BAD_INPUT, ""),
    CLIENT_ROW("CONTINUATION",
               CLIENT FRAME("\2", "\1", "\1", "\1") "\x44\3" FRAME("\0", "\x9", "\0", "\1")
                   FRAME("\3", "\x9", "\4", "\1") "/ab",
               AZM_OK, "1 :path=/ab\n1 headers end\n1 end\n"),
    CLIENT_ROW("frame inside a header block", CLIENT FRAME("\1", "\1", "\0", "\1") GET PING, AZM_BAD_INPUT,
               "1 :method=GET\n"),
    CLIENT_ROW("unknown frame inside a header block",
               CLIENT FRAME("\1", "\1", "\0", "\1") GET FRAME("\0", "\x60", "\0", "\1"), AZM_BAD_INPUT,
               "1 :method=GET\n"),
    CLIENT_ROW("CONTINUATION of another stream",
               CLIENT FRAME("\1", "\1", "\0", "\1") GET FRAME("\0", "\x9", "\4", "\3"), AZM_BAD_INPUT,
               "1 :method=GET\n"),
    CLIENT_ROW("CONTINUATION of nothing", CLIENT FRAME("\1", "\x9", "\4", "\1") GET, AZM_BAD_INPUT, ""),
    CLIENT_ROW("CONTINUATION after the end",
               CLIENT FRAME("\1", "\1", "\4", "\1") GET FRAME("\1", "\x9", "\4", "\1") GET, AZM_BAD_INPUT,
               "1 :method=GET\n1 headers\n"),
    CLIENT_ROW("the table lives across streams",
               CLIENT FRAME("\5", "\1", "\5", "\1") PATH FRAME("\1", "\1", "\5", "\3") AGAIN, AZM_OK,
               "1 :path=/ab\n1 headers end\n1 end\n3 :path=/ab\n3 headers end\n3 end\n"),
    CLIENT_ROW("an index that is not there", CLIENT FRAME("\1", "\1", "\5", "\1") AGAIN, AZM_BAD_INPUT, ""),
    CLIENT_ROW("a header block that is cut short", CLIENT FRAME("\2", "\1", "\5", "\1") "\x44\3", AZM_BAD_INPUT, ""),
    CLIENT_ROW("empty header block", CLIENT FRAME("\0", "\1", "\4", "\1"), AZM_OK, "1 headers\n"),
    CLIENT_ROW("trailers",
               CLIENT FRAME("\1", "\1", "\4", "\1")
                   GET FRAME("\1", "\0", "\0", "\1") "x" FRAME("\5", "\1", "\5", "\1") "\0\1a\1b",
               AZM_OK, "1 :method=GET\n1 headers\n1 data x\n1 a=b\n1 headers end\n1 end\n"),
    CLIENT_ROW("the highest bit of a stream is reserved", CLIENT "\0\0\1\0\0\x80\0\0\1x", AZM_OK, "1 data x"),
    CLIENT_ROW("DATA of stream 0", CLIENT FRAME("\1", "\0", "\0", "\0") "x", AZM_BAD_INPUT, ""),
    CLIENT_ROW("HEADERS of stream 0", CLIENT FRAME("\1", "\1", "\4", "\0") GET, AZM_BAD_INPUT, ""),
    CLIENT_ROW("SETTINGS of a stream", PREFACE FRAME("\0", "\4", "\0", "\1"), AZM_BAD_INPUT, ""),
    CLIENT_ROW("SETTINGS of a broken length", PREFACE FRAME("\5", "\4", "\0", "\0") "12345", AZM_BAD_INPUT, ""),
    CLIENT_ROW("SETTINGS ACK with content", CLIENT FRAME("\6", "\4", "\1", "\0") "123456", AZM_BAD_INPUT, ""),
    CLIENT_ROW("PUSH_PROMISE of a client", CLIENT FRAME("\5", "\5", "\4", "\1") "\0\0\0\2" GET, AZM_BAD_INPUT, ""),
    CLIENT_ROW("frames to skip",
               CLIENT PING FRAME("\4", "\x8", "\0", "\1") "wind" FRAME("\5", "\2", "\0", "\1") "prior" FRAME(
                   "\3", "\xfa", "\xff", "\7") "abc" FRAME("\0", "\xfb", "\0", "\0") FRAME("\1", "\0", "\0", "\1") "x",
               AZM_OK, "1 data x"),
    CLIENT_ROW("RST_STREAM", CLIENT FRAME("\4", "\3", "\0", "\5") "\0\0\0\x8", AZM_OK, "5 reset 8\n"),
    CLIENT_ROW("RST_STREAM of stream 0", CLIENT FRAME("\4", "\3", "\0", "\0") "\0\0\0\x8", AZM_BAD_INPUT, ""),
    CLIENT_ROW("RST_STREAM of a broken length", CLIENT FRAME("\3", "\3", "\0", "\1") "\0\0\0", AZM_BAD_INPUT, ""),
    CLIENT_ROW("GOAWAY", CLIENT FRAME("\xa", "\7", "\0", "\0") "\x80\0\0\7\0\0\0\2by" PING, AZM_OK, "goaway 7 2\n"),
    CLIENT_ROW("GOAWAY without debug data", CLIENT FRAME("\x8", "\7", "\0", "\0") "\0\0\0\7\0\0\0\0" PING, AZM_OK,
               "goaway 7 0\n"),
    CLIENT_ROW("GOAWAY too short", CLIENT FRAME("\7", "\7", "\0", "\0") "\0\0\0\7\0\0\0", AZM_BAD_INPUT, ""),
    CLIENT_ROW("a frame of a length of three bytes",
               CLIENT "\1\0\2\0\0\0\0\0\1"
                      "abc",
               AZM_OK, "1 data abc"),

    SERVER_ROW("no preface", SETTINGS SETTINGS_ACK, AZM_OK, ""),
    SERVER_ROW("HTTP/1.1", "HTTP/1.1 400 Bad Request\r\n\r\n", AZM_BAD_INPUT, ""),
    SERVER_ROW("header blocks are skipped",
               SETTINGS FRAME("\1", "\1", "\4", "\1")
                   AGAIN FRAME("\2", "\0", "\0", "\1") "ab" FRAME("\1", "\1", "\5", "\1") AGAIN,
               AZM_OK, "1 headers\n1 data ab\n1 headers end\n1 end\n"),
    SERVER_ROW("CONTINUATION", SETTINGS FRAME("\1", "\1", "\0", "\1") "a" FRAME("\1", "\x9", "\4", "\1") "b", AZM_OK,
               "1 headers\n"),
    SERVER_ROW("PUSH_PROMISE",
               SETTINGS FRAME("\5", "\5", "\0", "\1") "\0\0\0\2a" FRAME("\1", "\x9", "\4",
                                                                        "\1") "b" FRAME("\1", "\0", "\1", "\1") "x",
               AZM_OK, "1 data x\n1 end\n"),
    SERVER_ROW("padded PUSH_PROMISE", SETTINGS FRAME("\x8", "\5", "\xc", "\1") "\2\0\0\0\2a\0\0" PING, AZM_OK, ""),
    SERVER_ROW("PUSH_PROMISE too short", SETTINGS FRAME("\3", "\5", "\4", "\1") "\0\0\0", AZM_BAD_INPUT, ""),
};

static void same_events_however_cut(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        for (size_t cut = 0; cut <= rows[i].in.len + 1; cut++) {
            char text[512];
            struct azm_h2_log log = {.data_stream = 0};
            struct azm_h2 client, server;
            azm_buf_init_fixed(&log.text, text, sizeof text);
            azm_h2_init_client(&client, &azm_h2_log_handler, &log);
            azm_h2_init_server(&server, &client, &azm_h2_log_handler, &log);
            struct azm_h2 *h2 = rows[i].server ? &server : &client;
            enum azm_status st = feed(h2, rows[i].in, cut > rows[i].in.len ? BYTEWISE : cut);
            azm_buf_add_byte(&log.text, 0);
            if (st != rows[i].status || strcmp(text, rows[i].log) != 0)
                print_message("row \"%s\", cut %zu\n", rows[i].name, cut);
            assert_string_equal(text, rows[i].log);
            assert_int_equal(st, rows[i].status);
            if (st != AZM_OK) /* and it stays so */
                assert_int_equal(azm_h2_feed(h2, AZM_S(SETTINGS)), st);
            azm_h2_dispose(&server);
            azm_h2_dispose(&client);
        }
    }
}

/* Bytes of both sides, in the order of a relay that reads them. */
struct settings_row {
    const char *name;
    azm_slice pieces[4]; /* server, client, server, client */
    enum azm_status server, client;
};
#define S(bytes)                                                                                                       \
    {                                                                                                                  \
        bytes, sizeof(bytes) - 1                                                                                       \
    }
#define TABLE_8192    TABLE_SIZE("\x20\0")
#define USE_8192      FRAME("\4", "\1", "\5", "\1") "\x3f\xe1\x3f" GET /* table size update to 8192 */
#define USE_65536     FRAME("\5", "\1", "\5", "\1") "\x3f\xe1\xff\3" GET
#define USE_65537     FRAME("\5", "\1", "\5", "\1") "\x3f\xe2\xff\3" GET
#define USE_0         FRAME("\2", "\1", "\5", "\1") "\x20" GET
#define NO_UPDATE     FRAME("\1", "\1", "\5", "\1") GET
#define FOUR_TIMES(x) x x x x

static const struct settings_row settings_rows[] = {
    {"default", {S(SETTINGS), S(CLIENT SETTINGS_ACK USE_8192)}, AZM_OK, AZM_BAD_INPUT},
    {"larger, acknowledged", {S(TABLE_8192), S(CLIENT SETTINGS_ACK USE_8192)}, AZM_OK, AZM_OK},
    {"larger, not yet acknowledged", {S(TABLE_8192), S(CLIENT USE_8192)}, AZM_OK, AZM_BAD_INPUT},
    {"acknowledged in order", {S(SETTINGS TABLE_8192), S(CLIENT SETTINGS_ACK USE_8192)}, AZM_OK, AZM_BAD_INPUT},
    {"both acknowledged", {S(SETTINGS TABLE_8192), S(CLIENT SETTINGS_ACK SETTINGS_ACK USE_8192)}, AZM_OK, AZM_OK},
    {"the last one counts",
     {S(TABLE_SIZE("\0\0") TABLE_8192), S(CLIENT SETTINGS_ACK SETTINGS_ACK USE_8192)},
     AZM_OK,
     AZM_BAD_INPUT},
    {"off", {S(TABLE_SIZE("\0\0")), S(CLIENT SETTINGS_ACK USE_0)}, AZM_OK, AZM_OK},
    {"off, and not said by the client",
     {S(TABLE_SIZE("\0\0")), S(CLIENT SETTINGS_ACK NO_UPDATE)},
     AZM_OK,
     AZM_BAD_INPUT},
    {"off, later",
     {S(SETTINGS), S(CLIENT SETTINGS_ACK NO_UPDATE), S(TABLE_SIZE("\0\0")), S(SETTINGS_ACK USE_0)},
     AZM_OK,
     AZM_OK},
    {"our limit",
     {S(FRAME("\6", "\4", "\0", "\0") "\0\1\xff\xff\xff\xff"), S(CLIENT SETTINGS_ACK USE_65536)},
     AZM_OK,
     AZM_OK},
    {"past our limit",
     {S(FRAME("\6", "\4", "\0", "\0") "\0\1\xff\xff\xff\xff"), S(CLIENT SETTINGS_ACK USE_65537)},
     AZM_OK,
     AZM_BAD_INPUT},
    {"ACK of what we never saw", {S(SETTINGS), S(CLIENT SETTINGS_ACK SETTINGS_ACK NO_UPDATE)}, AZM_OK, AZM_OK},
    {"other settings",
     {S(FRAME("\x12", "\4", "\0", "\0") "\0\2\0\0\0\0"
                                        "\0\1\0\0\x20\0"
                                        "\0\4\0\0\1\0"),
      S(CLIENT SETTINGS_ACK USE_8192)},
     AZM_OK,
     AZM_OK},
    {"eight at once", {S(FOUR_TIMES(SETTINGS) FOUR_TIMES(SETTINGS)), S(CLIENT)}, AZM_OK, AZM_OK},
    {"nine at once", {S(FOUR_TIMES(SETTINGS) FOUR_TIMES(SETTINGS) SETTINGS), S(CLIENT)}, AZM_BAD_INPUT, AZM_OK},
};

static void table_size_of_the_server(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(settings_rows); i++) {
        for (size_t bytewise = 0; bytewise < 2; bytewise++) {
            const struct settings_row *row = &settings_rows[i];
            struct azm_h2_handler none = {NULL, NULL, NULL, NULL, NULL, NULL};
            struct azm_h2 client, server;
            enum azm_status st[2] = {AZM_OK, AZM_OK};
            azm_h2_init_client(&client, &none, NULL);
            azm_h2_init_server(&server, &client, &none, NULL);
            for (size_t p = 0; p < AZM_COUNT(row->pieces); p++)
                if (row->pieces[p].len)
                    st[p % 2] = feed(p % 2 ? &client : &server, row->pieces[p], bytewise ? BYTEWISE : 0);
            if (st[0] != row->server || st[1] != row->client)
                print_message("row \"%s\"\n", row->name);
            assert_int_equal(st[0], row->server);
            assert_int_equal(st[1], row->client);
            azm_h2_dispose(&server);
            azm_h2_dispose(&client);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(same_events_however_cut),
                                       cmocka_unit_test(table_size_of_the_server)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
