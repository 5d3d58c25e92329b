#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include "tap/arguments.h"

enum { ARGS = 16 };

/* Without targets the argv must come out as it went in. The tap's own ports are 50001 and 50002. */
static const struct {
    const char *what;
    const char *targets; /* "host:port host:port" */
    const char *in[ARGS], *out[ARGS];
} cases[] = {
    {"a host since 4.x, both sets",
     "127.0.0.1:40719",
     {"node", "w.js", "--host", "127.0.0.1", "--port", "40719", "--workerId", "a", "--requestId", "b",
      "--functions-uri", "http://127.0.0.1:40719/", "--functions-worker-id", "a"},
     {"node", "w.js", "--host", "127.0.0.1", "--port", "50001", "--workerId", "a", "--requestId", "b",
      "--functions-uri", "http://127.0.0.1:50001/", "--functions-worker-id", "a"}},
    {"an old host",
     "127.0.0.1:7071",
     {"python", "worker.py", "--host", "127.0.0.1", "--port", "7071", "--workerId", "a", "--requestId", "b"},
     {"python", "worker.py", "--host", "127.0.0.1", "--port", "50001", "--workerId", "a", "--requestId", "b"}},
    {"only the new set, no slash",
     "127.0.0.1:7071",
     {"x", "--functions-uri", "http://127.0.0.1:7071"},
     {"x", "--functions-uri", "http://127.0.0.1:50001"}},
    {"a path and a query are kept",
     "127.0.0.1:7071",
     {"x", "--functions-uri", "http://127.0.0.1:7071/a/b?c=d:1"},
     {"x", "--functions-uri", "http://127.0.0.1:50001/a/b?c=d:1"}},
    {"a value in the same argument",
     "127.0.0.1:7071",
     {"x", "--HOST=127.0.0.1", "--Port=7071", "--WORKERID=a", "--Functions-Uri=HTTP://127.0.0.1:7071/"},
     {"x", "--HOST=127.0.0.1", "--Port=50001", "--WORKERID=a", "--Functions-Uri=HTTP://127.0.0.1:50001/"}},
    {"no port in the URI is HTTP's",
     "127.0.0.1:80",
     {"x", "--functions-uri", "http://127.0.0.1/"},
     {"x", "--functions-uri", "http://127.0.0.1:50001/"}},
    {"localhost and IPv6 become the address that is listened on",
     "LocalHost:7071 ::1:7072",
     {"x", "--functions-uri", "http://LocalHost:7071/", "--functions-uri", "http://[::1]:7072/"},
     {"x", "--functions-uri", "http://127.0.0.1:50001/", "--functions-uri", "http://127.0.0.1:50002/"}},
    {"the two sets name different addresses",
     "127.0.0.1:7072 127.0.0.1:7071",
     {"x", "--host", "127.0.0.1", "--port", "7071", "--workerId", "a", "--functions-uri", "http://127.0.0.1:7072/"},
     {"x", "--host", "127.0.0.1", "--port", "50002", "--workerId", "a", "--functions-uri", "http://127.0.0.1:50001/"}},
    {"an earlier --port of somebody else's",
     "127.0.0.1:7071",
     {"x", "--port", "9229", "--port", "7071", "--host", "127.0.0.1", "--workerId", "a"},
     {"x", "--port", "9229", "--port", "50001", "--host", "127.0.0.1", "--workerId", "a"}},
    {"an earlier --port of the same value",
     "127.0.0.1:7071",
     {"x", "--port", "7071", "--port=7071", "--requestId", "a"},
     {"x", "--port", "50001", "--port=50001", "--requestId", "a"}},
    {"a development host's spelling of the id",
     "127.0.0.1:7071",
     {"x", "--port", "7071", "--functions-workerid", "a"},
     {"x", "--port", "50001", "--functions-workerid", "a"}},
    {"another program's host and port", "", {"dotnet", "run", "--host", "127.0.0.1", "--port", "5000"}, {0}},
    {"no arguments", "", {"dotnet"}, {0}},
    {"version", "", {"dotnet", "--version"}, {0}},
    {"an option without its value", "", {"x", "--workerId", "a", "--port"}, {0}},
    {"a port of 0", "", {"x", "--workerId", "a", "--port", "0"}, {0}},
    {"a port too large", "", {"x", "--workerId", "a", "--port", "65536"}, {0}},
    {"a port that is no number", "", {"x", "--workerId", "a", "--port", "70x"}, {0}},
    {"a name that would have to be resolved", "", {"x", "--functions-uri", "http://host.example:7071/"}, {0}},
    {"such a name as --host", "", {"x", "--workerId", "a", "--host", "example", "--port", "7071"}, {0}},
    {"https is not ours to relay", "", {"x", "--functions-uri", "https://127.0.0.1:7071/"}, {0}},
    {"a user in the URI", "", {"x", "--functions-uri", "http://me@127.0.0.1:7071/"}, {0}},
    {"an unclosed bracket", "", {"x", "--functions-uri", "http://[::1:7071/"}, {0}},
    {"an empty URI", "", {"x", "--functions-uri", "http://"}, {0}},
    {"one dash", "", {"x", "-port", "7071", "-workerId", "a"}, {0}},
    {"a third address is left alone",
     "127.0.0.1:1 127.0.0.1:2",
     {"x", "--functions-uri", "http://127.0.0.1:1/", "--functions-uri", "http://127.0.0.1:2/", "--functions-uri",
      "http://127.0.0.1:3/"},
     {"x", "--functions-uri", "http://127.0.0.1:50001/", "--functions-uri", "http://127.0.0.1:50002/",
      "--functions-uri", "http://127.0.0.1:3/"}},
};

static void show_targets(const struct azm_arguments *found, char *text, size_t size)
{
    text[0] = '\0';
    for (size_t i = 0; i < found->target_count; i++)
        snprintf(text + strlen(text), size - strlen(text), "%s%s:%u", i ? " " : "", found->targets[i].host,
                 (unsigned)found->targets[i].port);
}

static void test_read_and_rewrite(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        static const uint16_t ports[AZM_TARGETS_MAX] = {50001, 50002};
        struct azm_arena arena;
        struct azm_arguments found;
        char targets[256];
        char *const *argv = (char *const *)(uintptr_t)cases[i].in;
        int argc = 0;
        while (argv[argc])
            argc++;
        azm_arena_init(&arena, 0);
        azm_arguments_read(argc, argv, &found);
        show_targets(&found, targets, sizeof(targets));
        print_message("%s\n", cases[i].what);
        assert_string_equal(targets, cases[i].targets);
        char **out = azm_arguments_rewrite(&found, argc, argv, ports, &arena);
        const char *const *expected = cases[i].out[0] ? cases[i].out : cases[i].in;
        for (int a = 0; a < argc; a++)
            assert_string_equal(out[a], expected[a]);
        assert_null(out[argc]);
        azm_arena_dispose(&arena);
    }
}

static void test_without_memory(void **state)
{
    (void)state;
    char *argv[] = {(char[]){"x"}, (char[]){"--functions-uri"}, (char[]){"http://127.0.0.1:7071/"}, NULL};
    static const uint16_t ports[AZM_TARGETS_MAX] = {50001};
    struct azm_arena arena;
    struct azm_arguments found;
    azm_arena_init(&arena, 1);
    azm_arguments_read(3, argv, &found);
    assert_int_equal(found.target_count, 1);
    assert_null(azm_arguments_rewrite(&found, 3, argv, ports, &arena));
    azm_arena_dispose(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_read_and_rewrite),
        cmocka_unit_test(test_without_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
