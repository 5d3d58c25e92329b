#include "tap/handler.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "os/socket.h"

static void the_port_is_in_one_of_two_variables(void **state)
{
    static const struct {
        const char *pairs[3];
        unsigned port;
    } rows[] = {
        {{"FUNCTIONS_CUSTOMHANDLER_PORT=45123", NULL}, 45123},
        {{"FUNCTIONS_HTTPWORKER_PORT=7", NULL}, 7},
        {{"FUNCTIONS_CUSTOMHANDLER_PORT=1", "FUNCTIONS_HTTPWORKER_PORT=2", NULL}, 1},
        {{"FUNCTIONS_CUSTOMHANDLER_PORT=x", "FUNCTIONS_HTTPWORKER_PORT=2", NULL}, 2},
        {{"FUNCTIONS_CUSTOMHANDLER_PORT=0", NULL}, 0},
        {{"FUNCTIONS_CUSTOMHANDLER_PORT=65536", NULL}, 0},
        {{"FUNCTIONS_CUSTOMHANDLER_PORT=", NULL}, 0},
        {{"PORT=1", NULL}, 0},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_env env = azm_env_of(rows[i].pairs);
        assert_int_equal(azm_handler_port(&env), rows[i].port);
    }
}

static void arguments_and_variables_get_the_other_port(void **state)
{
    static const struct {
        const char *before, *after;
    } rows[] = {
        {"45123", "20000"},
        {"--port=45123", "--port=20000"},
        {"http://127.0.0.1:45123/", "http://127.0.0.1:20000/"},
        {"45123,45123", "20000,20000"},
        {"145123", "145123"},
        {"451234", "451234"},
        {"4512345123", "4512345123"},
        {"", ""},
        {"x", "x"},
    };
    struct azm_arena arena;
    (void)state;
    azm_arena_init(&arena, 65536);
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        char first[] = "45123", copy[64];
        snprintf(copy, sizeof copy, "%s", rows[i].before);
        char *argv[] = {first, copy, NULL};
        char **out = azm_handler_arguments(2, argv, 45123, 20000, &arena);
        assert_string_equal(out[0], "45123");
        assert_string_equal(out[1], rows[i].after);
        assert_null(out[2]);
    }
    char a[] = "FUNCTIONS_CUSTOMHANDLER_PORT=45123", b[] = "FUNCTIONS_HTTPWORKER_PORT=45123", c[] = "MINE=45123";
    char *envp[] = {a, b, c, NULL};
    char **out = azm_handler_environment(envp, 45123, 20000, &arena);
    assert_string_equal(out[0], "FUNCTIONS_CUSTOMHANDLER_PORT=20000");
    assert_string_equal(out[1], "FUNCTIONS_HTTPWORKER_PORT=20000");
    assert_ptr_equal(out[2], c);
    assert_null(out[3]);
    azm_arena_dispose(&arena);
}

static void a_free_port_can_be_had(void **state)
{
    (void)state;
    uint16_t port = azm_handler_free_port();
    assert_in_range(port, 10000, 32767);
    azm_socket socket = azm_socket_bind(port, NULL);
    assert_true(socket != AZM_SOCKET_NONE);
    struct azm_error err = {AZM_OK, ""};
    assert_true(azm_socket_bind(port, &err) == AZM_SOCKET_NONE);
    assert_int_equal(err.status, AZM_BUSY);
    azm_socket_close(socket, false);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_port_is_in_one_of_two_variables),
        cmocka_unit_test(arguments_and_variables_get_the_other_port),
        cmocka_unit_test(a_free_port_can_be_had),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
