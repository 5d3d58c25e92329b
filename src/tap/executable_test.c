#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "tap/executable.h"

static const char *const pairs[] = {
    "JAVA_HOME=/opt/java", "EMPTY=",        "FUNCTIONS_WORKER_DIRECTORY=/srv/worker",
    "PATH=/nowhere:/bin",  "FLAVOUR=Plain", NULL,
};

static const struct {
    const char *in, *out;
} expansions[] = {
    {"node", "node"},
    {"%JAVA_HOME%/bin/java", "/opt/java/bin/java"},
    {"%EMPTY%x", "x"},
    {"%NOT_SET%/bin/java", "/bin/java"},
    {"%JAVA_HOME%%JAVA_HOME%", "/opt/java/opt/java"},
    {"100%", "100%"},
    {"%%", ""},
    {"a%b c%d", "ad"},
    {"%FUNCTIONS_WORKER_DIRECTORY%/run", "/srv/worker/run"},
    {"{WorkerRoot}App", "/srv/worker/App"},
    {"{os}/{architecture}/x", "LINUX/X64/x"},
    {"{other}/{", "{other}/{"},
    {"", ""},
};

static void test_expand(void **state)
{
    (void)state;
    struct azm_env env = azm_env_of(pairs);
    for (size_t i = 0; i < AZM_COUNT(expansions); i++) {
        struct azm_arena arena;
        azm_arena_init(&arena, 0);
        azm_slice out = azm_executable_expand(azm_slice_str(expansions[i].in), &env, &arena);
        assert_string_equal(azm_arena_str(&arena, out), expansions[i].out);
        azm_arena_dispose(&arena);
    }
}

#define NAMES(path) "\"description\":{\"defaultExecutablePath\":\"" path "\"}"
#define WHEN(type, name, pattern)                                                                                      \
    "{\"conditionType\":\"" type "\",\"conditionName\":\"" name "\",\"conditionExpression\":\"" pattern "\"}"

static const struct {
    const char *json, *out;
    enum azm_status status;
} configs[] = {
    {"{" NAMES("node") "}", "node", AZM_OK},
    {"\xef\xbb\xbf{" NAMES("%JAVA_HOME%/bin/java") "}", "%JAVA_HOME%/bin/java", AZM_OK},
    {"{\"Description\":{\"DefaultExecutablePath\":\"dotnet\"}}", "dotnet", AZM_OK},
    {"{" NAMES("a") ",\"profiles\":[{\"conditions\":[" WHEN("environment", "FLAVOUR", "^P") "]," NAMES("b") "}]}", "b",
     AZM_OK},
    {"{" NAMES("a") ",\"profiles\":[{\"conditions\":[" WHEN("Environment", "FLAVOUR", "^x") "]," NAMES("b") "}]}", "a",
     AZM_OK},
    {"{" NAMES("a") ",\"profiles\":[{\"conditions\":[" WHEN("environment", "NOT_SET", ".*") "]," NAMES("b") "}]}", "a",
     AZM_OK},
    {"{" NAMES("a") ",\"profiles\":[{\"conditions\":[" WHEN("hostProperty", "Sku", ".*") "]," NAMES("b") "}]}", "a",
     AZM_OK}, /* only the host knows */
    {"{" NAMES("a") ",\"profiles\":[{\"conditions\":[" WHEN("environment", "FLAVOUR", "Plain") "," WHEN(
         "environment", "JAVA_HOME", "never") "]," NAMES("b") "}]}",
     "a", AZM_OK}, /* all must be met */
    {"{" NAMES("a") ",\"profiles\":[{\"conditions\":[]," NAMES("b") "}]}", "a", AZM_OK},
    {"{" NAMES("a") ",\"profiles\":[{\"conditions\":[" WHEN(
         "environment", "FLAVOUR", "P") "],\"description\":{}},"
                                        "{\"conditions\":[" WHEN("environment", "FLAVOUR", "P") "]," NAMES("b") "}]}",
     "a", AZM_OK}, /* the first that applies */
    {"{\"description\":{\"defaultExecutablePath\":\"{WorkerRoot}azimuth/azimuth-tap\",\"azimuthWorkerExecutable\":"
     "\"dotnet\"},\"profiles\":[{\"conditions\":[" WHEN("environment", "FLAVOUR", "P") "]," NAMES("b") "}]}",
     "dotnet", AZM_OK},
    {"{\"description\":{\"language\":\"x\"}}", "", AZM_NOT_FOUND},
    {"{\"description\":{\"defaultExecutablePath\":7}}", "", AZM_NOT_FOUND},
    {"[]", "", AZM_NOT_FOUND},
    {"{", "", AZM_BAD_INPUT},
    {"", "", AZM_BAD_INPUT},
};

static void test_configured(void **state)
{
    (void)state;
    struct azm_env env = azm_env_of(pairs);
    for (size_t i = 0; i < AZM_COUNT(configs); i++) {
        struct azm_arena arena;
        struct azm_error err;
        azm_slice out = {NULL, 0};
        azm_arena_init(&arena, 0);
        print_message("%s\n", configs[i].json);
        assert_int_equal(azm_executable_configured(azm_slice_str(configs[i].json), "it", &env, &arena, &out, &err),
                         configs[i].status);
        if (configs[i].status == AZM_OK)
            assert_string_equal(azm_arena_str(&arena, out), configs[i].out);
        else
            assert_non_null(strstr(err.text, "it"));
        azm_arena_dispose(&arena);
    }
}

/* self is /bin/sh, so that there is a program to be passed over. */
static const struct {
    const char *argv[4];
    const char *setting; /* AZIMUTH_WORKER_EXECUTABLE=... */
    enum azm_status status;
    const char *path, *name;
    int skip;
} finds[] = {
    {{"azimuth-tap", "--", "true", "x"}, NULL, AZM_OK, "/bin/true", "true", 2},
    {{"azimuth-tap", "--", "/bin/true"}, "X=", AZM_OK, "/bin/true", "/bin/true", 2},
    {{"azimuth-tap", "--"}, NULL, AZM_BAD_USAGE, NULL, NULL, 2},
    {{"azimuth-tap", "--", "no-such-program"}, NULL, AZM_NOT_FOUND, NULL, NULL, 2},
    {{"azimuth-tap", "--", "/etc/passwd"}, NULL, AZM_DENIED, NULL, NULL, 2},
    {{"azimuth-tap", "--", "/etc"}, NULL, AZM_DENIED, NULL, NULL, 2},
    {{"azimuth-tap", "--", "/bin/sh"}, NULL, AZM_BAD_CONFIG, NULL, NULL, 2},
    {{"azimuth-tap", "w.js"}, "AZIMUTH_WORKER_EXECUTABLE=true", AZM_OK, "/bin/true", "true", 0},
    {{"azimuth-tap", "w.js"}, "AZIMUTH_WORKER_EXECUTABLE=%BIN%true", AZM_OK, "/bin/true", "true", 0},
    {{"azimuth-tap", "--", "true"}, "AZIMUTH_WORKER_EXECUTABLE=false", AZM_OK, "/bin/true", "true", 2},
    {{"/elsewhere/true", "w.js"}, "AZIMUTH_WORKER_EXECUTABLE=false", AZM_OK, "/bin/true", "true", 0},
    {{"azimuth-tap", "w.js"}, "AZIMUTH_WORKER_EXECUTABLE=", AZM_NOT_FOUND, NULL, NULL, 0},
    {{"azimuth-tap", "w.js"}, "FUNCTIONS_WORKER_DIRECTORY=/nowhere", AZM_NOT_FOUND, NULL, NULL, 0},
};

static void test_find(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(finds); i++) {
        const char *environment[] = {"PATH=/nowhere:/bin", finds[i].setting, NULL};
        struct azm_env env = azm_env_of(environment);
        struct azm_arena arena;
        struct azm_error err;
        struct azm_executable found;
        int argc = 0;
        while (argc < 4 && finds[i].argv[argc])
            argc++;
        azm_arena_init(&arena, 0);
        print_message("%s %s %s\n", finds[i].argv[0], finds[i].argv[1], finds[i].setting ? finds[i].setting : "");
        assert_int_equal(
            azm_executable_find(argc, (char *const *)(uintptr_t)finds[i].argv, &env, "/bin/sh", &arena, &found, &err),
            finds[i].status);
        assert_int_equal(found.skip, finds[i].skip);
        if (finds[i].status == AZM_OK) {
            assert_string_equal(found.path, finds[i].path);
            assert_string_equal(found.name, finds[i].name);
        }
        azm_arena_dispose(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_expand),
        cmocka_unit_test(test_configured),
        cmocka_unit_test(test_find),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
