#include "install/worker_config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define TAP  "{WorkerRoot}azimuth/azimuth-tap"
#define KEPT "azimuthWorkerExecutable"

/* As the SDK writes it, with its line ends. */
#define PUBLISHED(executable, more)                                                                                    \
    "\xef\xbb\xbf{\r\n  \"description\": {\r\n    \"language\": \"dotnet-isolated\",\r\n    \"extensions\": [ "        \
    "\".dll\" ],\r\n    \"defaultExecutablePath\": \"" executable "\"" more ",\r\n    \"defaultWorkerPath\": "         \
    "\"App.dll\",\r\n    \"workerIndexing\": \"true\",\r\n    \"canUsePlaceholder\": true\r\n  }\r\n}"

static const struct {
    const char *in, *out;
} taps[] = {
    {PUBLISHED("dotnet", ""), PUBLISHED(TAP, ",\r\n    \"" KEPT "\": \"dotnet\"")},
    {PUBLISHED("{WorkerRoot}App", ""), PUBLISHED(TAP, ",\r\n    \"" KEPT "\": \"{WorkerRoot}App\"")},
    {"{\"description\":{\"defaultExecutablePath\":\"dotnet\"}}",
     "{\"description\":{\"defaultExecutablePath\":\"" TAP "\",\"" KEPT "\":\"dotnet\"}}"},
    {"// mine\n{\n\t\"other\": [1, 2,], /* { */\n\t\"description\" : {\n\t\t\"defaultExecutablePath\" : "
     "\"\\u0064otnet\", // \"}\n\t\t\"new\": {\"defaultExecutablePath\": \"x\"}, }\n}\n",
     "// mine\n{\n\t\"other\": [1, 2,], /* { */\n\t\"description\" : {\n\t\t\"defaultExecutablePath\" : \"" TAP
     "\",\n\t\t\"" KEPT "\" : \"\\u0064otnet\", // \"}\n\t\t\"new\": {\"defaultExecutablePath\": \"x\"}, }\n}\n"},
    {"{\"description\":{/* a */\"defaultExecutablePath\"/* b */:/* c */\"dotnet\"/* d */}}",
     "{\"description\":{/* a */\"defaultExecutablePath\"/* b */:/* c */\"" TAP "\",\"" KEPT "\": \"dotnet\"/* d */}}"},
    {"{\"Description\":{\"DefaultExecutablePath\":\"dotnet\",\"language\":\"DotNet-Isolated\"}}",
     "{\"Description\":{\"DefaultExecutablePath\":\"" TAP "\",\"" KEPT
     "\":\"dotnet\",\"language\":\"DotNet-Isolated\"}}"},
    {"{\"description\":{\"defaultExecutablePath\":\"a\",\"defaultExecutablePath\":\"dotnet\"}}",
     "{\"description\":{\"defaultExecutablePath\":\"a\",\"defaultExecutablePath\":\"" TAP "\",\"" KEPT
     "\":\"dotnet\"}}"},
};

struct scratch {
    struct azm_buf out, back;
    struct azm_error err;
};

static struct scratch scratch(void)
{
    struct scratch s = {0};
    azm_buf_init(&s.out, AZM_WORKER_CONFIG_MAX * 2);
    azm_buf_init(&s.back, AZM_WORKER_CONFIG_MAX * 2);
    return s;
}

static void drop(struct scratch *s)
{
    azm_buf_dispose(&s->out);
    azm_buf_dispose(&s->back);
}

static void assert_text(const struct azm_buf *buf, const char *text)
{
    if (!azm_slice_eq(azm_buf_slice(buf), azm_slice_str(text)))
        fail_msg("got\n%.*s\nexpected\n%s", AZM_FMT(azm_buf_slice(buf)), text);
}

static void tapped_and_undone(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(taps); i++) {
        struct scratch s = scratch();
        print_message("row %zu\n", i);
        assert_int_equal(azm_worker_config_tap(azm_slice_str(taps[i].in), "it", AZM_S(TAP), &s.out, &s.err), AZM_OK);
        assert_text(&s.out, taps[i].out);
        assert_int_equal(azm_worker_config_tap(azm_buf_slice(&s.out), "it", AZM_S(TAP), &s.back, &s.err), AZM_OK);
        assert_text(&s.back, taps[i].out);
        azm_buf_clear(&s.back);
        assert_int_equal(azm_worker_config_untap(azm_buf_slice(&s.out), "it", &s.back, &s.err), AZM_OK);
        assert_text(&s.back, taps[i].in);
        drop(&s);
    }
}

/* A tapped text that somebody has changed: what is ours goes, what is theirs stays. */
static const struct {
    const char *in, *out;
} undos[] = {
    {"{\"description\":{\"defaultExecutablePath\":\"/opt/azimuth-tap\",\"x\":1, \"" KEPT "\":\"dotnet\" ,\"y\":2}}",
     "{\"description\":{\"defaultExecutablePath\":\"dotnet\",\"x\":1 ,\"y\":2}}"},
    {"{\"description\":{\"" KEPT "\":\"dotnet\", \"defaultExecutablePath\":\"C:\\\\t\\\\Azimuth-Tap.exe\"}}",
     "{\"description\":{ \"defaultExecutablePath\":\"dotnet\"}}"},
    {"{\"description\":{\"x\":1,\"" KEPT "\":\"dotnet\",\"defaultExecutablePath\":\"azimuth-tap\"}}",
     "{\"description\":{\"x\":1,\"defaultExecutablePath\":\"dotnet\"}}"},
    {"{\"description\":{\"defaultExecutablePath\":\"azimuth-tap\", // why\n\"" KEPT "\":\"dotnet\"}}",
     "{\"description\":{\"defaultExecutablePath\":\"dotnet\"}}"},
    {"{\"description\":{\"defaultExecutablePath\":\"other\",\"" KEPT "\":\"dotnet\"}}", /* theirs by now */
     "{\"description\":{\"defaultExecutablePath\":\"other\"}}"},
};

static void undone(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(undos); i++) {
        struct scratch s = scratch();
        print_message("row %zu\n", i);
        assert_int_equal(azm_worker_config_untap(azm_slice_str(undos[i].in), "it", &s.out, &s.err), AZM_OK);
        assert_text(&s.out, undos[i].out);
        drop(&s);
    }
}

static const struct {
    const char *in;
    enum azm_status tap, untap;
    const char *sentence; /* of tap */
} bad[] = {
    {"", AZM_BAD_INPUT, AZM_BAD_INPUT, "it:1:"},
    {"{\n\"description\": {]\n}", AZM_BAD_INPUT, AZM_BAD_INPUT, "it:2:"},
    {"{\n /* \n}", AZM_BAD_INPUT, AZM_BAD_INPUT, "it:2:2: a comment without an end"},
    {"\xff\xfe{", AZM_BAD_INPUT, AZM_BAD_INPUT, "it:1:"},
    {"[]", AZM_BAD_INPUT, AZM_NOT_FOUND, "it:1:1: expected an object with a \"description\""},
    {"{}", AZM_BAD_INPUT, AZM_NOT_FOUND, "no \"description\""},
    {"{\n\"description\": 7}", AZM_BAD_INPUT, AZM_NOT_FOUND, "it:2:16: \"description\" is no object"},
    {"{\n\"description\": {}}", AZM_BAD_INPUT, AZM_NOT_FOUND, "it:2:16: no \"defaultExecutablePath\" in it"},
    {"{\n\"description\": {\n\"defaultExecutablePath\": 7}}", AZM_BAD_INPUT, AZM_NOT_FOUND,
     "it:3:26: expected the name of an executable"},
    {"{\n\"description\": {\n\"defaultExecutablePath\": \"\"}}", AZM_BAD_INPUT, AZM_NOT_FOUND, "it:3:26: "},
    {"{\"description\":{\"language\":\"node\",\"defaultExecutablePath\":\"node\"}}", AZM_UNSUPPORTED, AZM_NOT_FOUND,
     "languageWorkers__node__defaultExecutablePath"},
    {"{\"description\":{\"defaultExecutablePath\":\"x/azimuth-tap\"}}", AZM_BAD_CONFIG, AZM_BAD_CONFIG,
     "does not say what for"},
    {"{\"description\":{\"default\\u0045xecutablePath\":\"dotnet\"}}", AZM_UNSUPPORTED, AZM_NOT_FOUND, "safely"},
    {"{\"descriptio\\u006e\":{\"defaultExecutablePath\":\"dotnet\"},\"Description\":{\"defaultExecutablePath\":\"x\"}}",
     AZM_UNSUPPORTED, AZM_NOT_FOUND, "safely"},
};

static void refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(bad); i++) {
        struct scratch s = scratch();
        print_message("%s\n", bad[i].in);
        assert_int_equal(azm_worker_config_tap(azm_slice_str(bad[i].in), "it", AZM_S(TAP), &s.out, &s.err), bad[i].tap);
        if (!strstr(s.err.text, bad[i].sentence))
            fail_msg("%s", s.err.text);
        assert_int_equal(azm_worker_config_untap(azm_slice_str(bad[i].in), "it", &s.out, &s.err), bad[i].untap);
        assert_int_equal(s.out.len, 0);
        drop(&s);
    }
}

static void the_tap_is_a_tap(void **state)
{
    (void)state;
    struct scratch s = scratch();
    azm_slice text = azm_slice_str(taps[0].in);
    assert_int_equal(azm_worker_config_tap(text, "it", AZM_S("/opt/tap"), &s.out, &s.err), AZM_BAD_USAGE);
    assert_int_equal(azm_worker_config_tap(text, "it", AZM_S("D:\\a \"b\"\\azimuth-tap.exe"), &s.out, &s.err), AZM_OK);
    assert_int_equal(azm_worker_config_tap(azm_buf_slice(&s.out), "it", AZM_S(TAP), &s.back, &s.err), AZM_OK);
    assert_text(&s.back, taps[0].out);
    drop(&s);
}

static void what_is_read(void **state)
{
    (void)state;
    struct azm_arena arena;
    struct azm_worker_config config;
    azm_arena_init(&arena, 0);
    assert_int_equal(azm_worker_config_read(azm_slice_str(taps[0].in), "it", &arena, &config, NULL), AZM_OK);
    assert_false(config.tapped);
    assert_true(azm_slice_eq(config.executable, AZM_S("dotnet")));
    assert_true(azm_slice_eq(config.original, AZM_S("dotnet")));
    assert_true(azm_slice_eq(config.worker_path, AZM_S("App.dll")));
    assert_int_equal(azm_worker_config_read(azm_slice_str(taps[1].out), "it", &arena, &config, NULL), AZM_OK);
    assert_true(config.tapped);
    assert_true(azm_slice_eq(config.executable, AZM_S(TAP)));
    assert_true(azm_slice_eq(config.original, AZM_S("{WorkerRoot}App")));
    azm_arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tapped_and_undone), cmocka_unit_test(undone),       cmocka_unit_test(refused),
        cmocka_unit_test(the_tap_is_a_tap),  cmocka_unit_test(what_is_read),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
