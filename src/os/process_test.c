#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <cmocka.h>

#include <uv.h>

#include "base/buf.h"
#include "os/process.h"

static uv_loop_t loop;
static int exit_code, ends;
static struct azm_process *child;

static void on_ended(void *self, int code)
{
    assert_ptr_equal(self, &loop);
    exit_code = code;
    ends++;
}

static int set_up(void **state)
{
    (void)state;
    ends = 0;
    child = NULL;
    return uv_loop_init(&loop);
}

static int tear_down(void **state)
{
    (void)state;
    azm_process_free(child);
    uv_run(&loop, UV_RUN_DEFAULT);
    return uv_loop_close(&loop);
}

static enum azm_status start(const char *program, const char *script, const char *const *environment, int *stderr_fd)
{
    static const char *const none[] = {NULL};
    const char *argv[] = {"its-name", "-c", script, NULL};
    struct azm_error err = {.status = AZM_OK};
    struct azm_process_options options = {.program = program,
                                          .argv = (char *const *)(uintptr_t)argv,
                                          .envp = (char *const *)(uintptr_t)(environment ? environment : none),
                                          .stderr_pipe = true,
                                          .loop = &loop,
                                          .ended = on_ended,
                                          .self = &loop};
    child = azm_process_start(&options, stderr_fd, &err);
    assert_true((child != NULL) == (err.status == AZM_OK));
    if (!child)
        assert_non_null(strstr(err.text, program));
    return err.status;
}

static void until_ended(void)
{
    while (ends == 0)
        uv_run(&loop, UV_RUN_ONCE);
}

static void read_all(int fd, struct azm_buf *out)
{
    uv_fs_t request;
    for (;;) {
        char bytes[512];
        uv_buf_t buf = uv_buf_init(bytes, sizeof(bytes));
        int n = uv_fs_read(NULL, &request, fd, &buf, 1, -1, NULL);
        uv_fs_req_cleanup(&request);
        if (n <= 0)
            break;
        azm_buf_add(out, azm_slice_of(bytes, (size_t)n));
    }
    uv_fs_close(NULL, &request, fd, NULL);
}

/* What the child says on its standard error, when it has ended. */
static const struct {
    const char *script;
    int code;
    const char *said;
} cases[] = {
    {"exit 0", 0, ""},
    {"exit 7", 7, ""},
    {"exit 200", 200, ""},
    {"kill -9 $$", 137, ""},
    {"kill -TERM $$", 143, ""},
    {"echo $0 >&2", 0, "its-name\n"},
    {"echo $WHO-$HOME >&2; exit 3", 3, "me-\n"},
    {"kill -PIPE $$; sleep 9", 141, ""}, /* ignored by us, not by the child */
};

static void test_ends(void **state)
{
    static const char *const environment[] = {"WHO=me", NULL};
    for (size_t i = 0; i < AZM_COUNT(cases); i++) {
        struct azm_buf said;
        int fd;
        azm_buf_init(&said, 4096);
        print_message("%s\n", cases[i].script);
        assert_int_equal(start("/bin/sh", cases[i].script, environment, &fd), AZM_OK);
        until_ended();
        read_all(fd, &said);
        assert_int_equal(exit_code, cases[i].code);
        assert_int_equal(ends, 1);
        assert_true(azm_slice_eq(azm_buf_slice(&said), azm_slice_str(cases[i].said)));
        azm_buf_dispose(&said);
        azm_process_terminate(child); /* it has ended: nothing must happen, to nobody */
        azm_process_kill(child);
        tear_down(state);
        set_up(state);
    }
}

static void test_terminate_and_kill(void **state)
{
    static const struct {
        const char *script;
        bool kill;
        int code;
    } rows[] = {
        {"trap 'exit 5' TERM; echo >&2; while :; do sleep 0.01; done", false, 5},
        {"trap '' TERM; echo >&2; while :; do sleep 0.01; done", true, 137},
    };
    static const char *const environment[] = {"PATH=/usr/bin:/bin", NULL};
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        int fd;
        uv_fs_t request;
        char byte;
        uv_buf_t buf = uv_buf_init(&byte, 1);
        assert_int_equal(start("/bin/sh", rows[i].script, environment, &fd), AZM_OK);
        while (uv_fs_read(NULL, &request, fd, &buf, 1, -1, NULL) == UV_EAGAIN) /* until it is ready */
            uv_run(&loop, UV_RUN_NOWAIT);
        azm_process_terminate(child);
        if (rows[i].kill)
            azm_process_kill(child);
        until_ended();
        assert_int_equal(exit_code, rows[i].code);
        uv_fs_close(NULL, &request, fd, NULL);
        tear_down(state);
        set_up(state);
    }
}

static void test_cannot_start(void **state)
{
    (void)state;
    int fd;
#ifdef __SANITIZE_THREAD__
    print_message("SKIP: under TSan vfork is fork, and the child's failure cannot be seen\n");
    skip();
#endif
    assert_int_equal(start("/no/such/program", "", NULL, &fd), AZM_NOT_FOUND);
    assert_int_equal(fd, -1);
    assert_int_equal(start("/etc/passwd", "", NULL, &fd), AZM_DENIED);
    assert_int_equal(start("/etc", "", NULL, &fd), AZM_DENIED);
    assert_int_equal(ends, 0);
}

static void test_a_parent_that_lives(void **state)
{
    (void)state;
    struct azm_parent *parent = azm_parent_watch(&loop, NULL, NULL);
    assert_non_null(parent);
    assert_false(azm_parent_gone(parent));
    uv_run(&loop, UV_RUN_NOWAIT); /* gone is NULL: a call would be seen */
    azm_parent_free(parent);
}

/* The first child takes our standard output with it: what is printed after that is lost, failures (stderr) are not. */
int main(void)
{
    azm_process_inherit();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_ends, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_terminate_and_kill, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_cannot_start, set_up, tear_down),
        cmocka_unit_test_setup_teardown(test_a_parent_that_lives, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
