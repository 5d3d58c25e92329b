#include "install/install_tap.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../tests/temp_dir.h"
#include "base/buf.h"
#include "os/file.h"

#define TAP     "{WorkerRoot}azimuth/azimuth-tap"
#define ONE_TAP "/opt/azimuth/bin/azimuth-tap"

/* --- a file system that fails: the linker puts these before every call that changes something --- */

static enum { GOOD, FAILS_ONCE, FAILS_FROM_THERE, DIES } mood;
static unsigned step, bad_step;

static bool is_bad(void)
{
    if (mood == GOOD)
        return false;
    step++;
    if (mood == DIES && step == bad_step)
        _exit(99);
    errno = ENOSPC;
    return step == bad_step || (mood == FAILS_FROM_THERE && step > bad_step);
}

int __real_open(const char *path, int flags, ...);
int __wrap_open(const char *path, int flags, unsigned mode);
int __wrap_open(const char *path, int flags, unsigned mode)
{
    return (flags & O_CREAT) && is_bad() ? -1 : __real_open(path, flags, mode);
}

ssize_t __real_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size);
ssize_t __wrap_write(int fd, const void *bytes, size_t size)
{
    if (mood == DIES && step + 1 == bad_step)
        (void)!__real_write(fd, bytes, size / 2);
    return is_bad() ? -1 : __real_write(fd, bytes, size);
}

#define WRAP(name, parameters, arguments)                                                                              \
    int __real_##name parameters;                                                                                      \
    int __wrap_##name parameters;                                                                                      \
    int __wrap_##name parameters                                                                                       \
    {                                                                                                                  \
        return is_bad() ? -1 : __real_##name arguments;                                                                \
    }
WRAP(fchmod, (int fd, mode_t mode), (fd, mode))
WRAP(fsync, (int fd), (fd))
WRAP(rename, (const char *from, const char *to), (from, to))
WRAP(unlink, (const char *path), (path))
WRAP(mkdir, (const char *path, mode_t mode), (path, mode))
WRAP(rmdir, (const char *path), (path))

/* --- an app --- */

static const char published[] =
    "{ // mine\n  \"description\": {\n    \"language\": \"dotnet-isolated\",\n"
    "    \"defaultExecutablePath\": \"dotnet\",\n    \"defaultWorkerPath\": \"App.dll\"\n  }\n}\n";
static const char newer[] =
    "{\"description\": {\"defaultExecutablePath\": \"{WorkerRoot}App\", \"defaultWorkerPath\": \"App.dll\"}}";

struct app {
    struct azm_temp_dir dir;
    struct azm_temp_path folder, config, tap, azimuth;
    struct azm_install_tap what;
    struct azm_arena arena;
    struct azm_install_tap_report report;
    struct azm_error err;
};

static void put(const char *path, const char *content, unsigned mode)
{
    assert_int_equal(azm_file_write(path, azm_slice_str(content), mode, NULL), AZM_OK);
}

static void make_app(struct app *app)
{
    app->dir = azm_temp_dir_make();
    app->folder = azm_temp_dir_at(&app->dir, "publish");
    app->config = azm_temp_dir_at(&app->dir, "publish/worker.config.json");
    app->tap = azm_temp_dir_at(&app->dir, "azimuth-tap");
    app->azimuth = azm_temp_dir_at(&app->dir, "azimuth");
    assert_int_equal(azm_dir_make(app->folder.text, 0755, NULL), AZM_OK);
    put(app->config.text, published, 0640);
    put(azm_temp_dir_at(&app->dir, "publish/App.dll").text, "dll", 0644);
    put(app->tap.text, "the tap", 0755);
    put(app->azimuth.text, "everything else", 0755);
    app->what =
        (struct azm_install_tap){.folder = app->folder.text, .tap = app->tap.text, .azimuth = app->azimuth.text};
    azm_arena_init(&app->arena, 0);
}

static void drop_app(struct app *app)
{
    azm_arena_dispose(&app->arena);
    azm_temp_dir_remove(&app->dir);
}

static enum azm_status install(struct app *app)
{
    return azm_install_tap(&app->what, &app->arena, &app->report, &app->err);
}

static enum azm_status undo(struct app *app)
{
    return azm_install_tap_undo(&app->what, &app->arena, &app->report, &app->err);
}

static bool holds(struct app *app, const char *name, const char *content, unsigned mode)
{
    struct azm_file_info info;
    struct azm_buf text;
    struct azm_temp_path path = azm_temp_dir_at(&app->dir, name);
    azm_buf_init(&text, 4096);
    bool same = azm_file_info(path.text, &info, NULL) == AZM_OK && azm_file_read(path.text, &text, NULL) == AZM_OK &&
                azm_slice_eq(azm_buf_slice(&text), azm_slice_str(content)) && info.mode == mode;
    azm_buf_dispose(&text);
    return same;
}

static bool count_one(void *self, azm_slice name)
{
    (void)name;
    ++*(unsigned *)self;
    return true;
}

static unsigned count(struct app *app, const char *folder)
{
    unsigned found = 0;
    (void)!azm_dir_list(azm_temp_dir_at(&app->dir, folder).text, count_one, &found, NULL);
    return found;
}

static bool is_original(struct app *app)
{
    return holds(app, "publish/worker.config.json", published, 0640);
}

static void assert_original(struct app *app)
{
    assert_true(is_original(app));
    assert_int_equal(count(app, "publish"), 2);
}

static void assert_programs(struct app *app)
{
    assert_true(holds(app, "publish/azimuth/azimuth-tap", "the tap", 0755));
    assert_true(holds(app, "publish/azimuth/azimuth", "everything else", 0755));
}

static bool is_tapped(struct app *app)
{
    struct azm_buf text;
    azm_buf_init(&text, 4096);
    assert_int_equal(azm_file_read(app->config.text, &text, NULL), AZM_OK);
    azm_slice config = azm_buf_slice(&text);
    bool tapped =
        azm_slice_search(config, AZM_S("\"" TAP "\",\n    \"azimuthWorkerExecutable\": \"dotnet\"")) < config.len;
    azm_buf_dispose(&text);
    return tapped;
}

static void assert_installed(struct app *app)
{
    struct azm_file_info info;
    assert_true(is_tapped(app));
    assert_int_equal(azm_file_info(app->config.text, &info, NULL), AZM_OK);
    assert_int_equal(info.mode, 0640);
    assert_programs(app);
    assert_int_equal(count(app, "publish"), 3);
    assert_int_equal(count(app, "publish/azimuth"), 2);
}

/* --- tests --- */

static void installed_and_undone(void **state)
{
    (void)state;
    struct app app;
    make_app(&app);
    assert_int_equal(install(&app), AZM_OK);
    assert_installed(&app);
    assert_string_equal(app.report.was, "dotnet");
    assert_string_equal(app.report.is, TAP);
    assert_string_equal(app.report.original, "dotnet");
    assert_int_equal(app.report.copied, 2);
    assert_int_equal(install(&app), AZM_OK);
    assert_installed(&app);
    assert_null(app.report.was);
    assert_int_equal(app.report.copied, 0);
    put(app.tap.text, "the tap, newer", 0755);
    assert_int_equal(install(&app), AZM_OK);
    assert_int_equal(app.report.copied, 1);
    assert_true(holds(&app, "publish/azimuth/azimuth-tap", "the tap, newer", 0755));
    assert_int_equal(undo(&app), AZM_OK);
    assert_original(&app);
    assert_string_equal(app.report.is, "dotnet");
    assert_int_equal(app.report.removed, 2);
    assert_int_equal(undo(&app), AZM_OK);
    assert_original(&app);
    assert_null(app.report.was);
    drop_app(&app);
}

static void a_path_instead_of_a_copy(void **state)
{
    (void)state;
    struct app app;
    make_app(&app);
    assert_int_equal(install(&app), AZM_OK);
    app.what.tap_path = ONE_TAP;
    assert_int_equal(install(&app), AZM_OK);
    assert_string_equal(app.report.is, ONE_TAP);
    assert_int_equal(app.report.removed, 2);
    assert_int_equal(count(&app, "publish"), 2);
    app.what.tap_path = "/opt/tap";
    assert_int_equal(install(&app), AZM_BAD_USAGE);
    assert_int_equal(undo(&app), AZM_OK);
    assert_original(&app);
    drop_app(&app);
}

static void only_looked_at(void **state)
{
    (void)state;
    struct app app;
    make_app(&app);
    app.what.dry_run = true;
    assert_int_equal(install(&app), AZM_OK);
    assert_original(&app);
    assert_string_equal(app.report.was, "dotnet");
    assert_int_equal(app.report.copied, 2);
    app.what.dry_run = false;
    assert_int_equal(install(&app), AZM_OK);
    app.what.dry_run = true;
    assert_int_equal(undo(&app), AZM_OK);
    assert_installed(&app);
    assert_int_equal(app.report.removed, 2);
    drop_app(&app);
}

static void a_newer_publish_stays(void **state)
{
    (void)state;
    struct app app;
    make_app(&app);
    assert_int_equal(install(&app), AZM_OK);
    put(app.config.text, newer, 0644);
    put(azm_temp_dir_at(&app.dir, "publish/azimuth/mine").text, "", 0644);
    assert_int_equal(undo(&app), AZM_OK);
    assert_null(app.report.was);
    assert_true(holds(&app, "publish/worker.config.json", newer, 0644));
    assert_int_equal(count(&app, "publish/azimuth"), 1);
    drop_app(&app);
}

static void a_link_stays_one(void **state)
{
    (void)state;
    struct app app;
    make_app(&app);
    struct azm_temp_path real = azm_temp_dir_at(&app.dir, "real.json");
    assert_int_equal(rename(app.config.text, real.text), 0);
    assert_int_equal(symlink(real.text, app.config.text), 0);
    assert_int_equal(install(&app), AZM_OK);
    assert_int_equal(undo(&app), AZM_OK);
    assert_true(holds(&app, "real.json", published, 0640));
    char target[300];
    assert_true(readlink(app.config.text, target, sizeof target) > 0);
    drop_app(&app);
}

static const struct {
    const char *config; /* NULL: none */
    const char *file;   /* another one in the folder */
    enum azm_status status;
    const char *sentence;
} bad[] = {
    {NULL, NULL, AZM_NOT_FOUND, "publish/worker.config.json is not there; expected the folder that `dotnet publish`"},
    {"{\n]", NULL, AZM_BAD_INPUT, "publish/worker.config.json:2:"},
    {"{\"description\":{\"defaultExecutablePath\":\"dotnet\",\"defaultWorkerPath\":\"Other.dll\"}}", NULL,
     AZM_NOT_FOUND, "names the worker Other.dll, which is not beside it"},
    {newer, NULL, AZM_NOT_FOUND, "names the executable App, which is not beside it"},
    {newer, "publish/App.exe", AZM_UNSUPPORTED, "was published for Windows"},
    {newer, "publish/App", AZM_OK, ""},
};

static void bad_folders(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(bad); i++) {
        struct app app;
        make_app(&app);
        if (bad[i].config)
            put(app.config.text, bad[i].config, 0644);
        else
            assert_int_equal(azm_file_remove(app.config.text, NULL), AZM_OK);
        if (bad[i].file)
            put(azm_temp_dir_at(&app.dir, bad[i].file).text, "", 0755);
        unsigned files = count(&app, "publish");
        assert_int_equal(install(&app), bad[i].status);
        if (bad[i].status != AZM_OK) {
            if (!strstr(app.err.text, bad[i].sentence))
                fail_msg("%s", app.err.text);
            assert_int_equal(count(&app, "publish"), files);
        }
        app.what.folder = app.tap.text;
        assert_int_equal(install(&app), AZM_NOT_FOUND);
        assert_int_equal(undo(&app), AZM_NOT_FOUND);
        app.what.folder = "/nowhere";
        assert_int_equal(install(&app), AZM_NOT_FOUND);
        drop_app(&app);
    }
}

/* What is done with the n-th step of `call` going wrong; false when there is no such step. */
static bool tried(struct app *app, enum azm_status (*call)(struct app *), int how, unsigned n, enum azm_status *status)
{
    int exit_code = 0;
    step = 0;
    bad_step = n;
    mood = how;
    if (how == DIES) {
        pid_t child = fork();
        if (child == 0)
            _exit(call(app) == AZM_OK ? 0 : 1);
        mood = GOOD;
        assert_int_equal(waitpid(child, &exit_code, 0), child);
        *status = AZM_IO;
        return WEXITSTATUS(exit_code) == 99;
    }
    *status = call(app);
    mood = GOOD;
    return step >= n;
}

/* Whatever happened: the app runs as before or through a whole tap, and either call brings it to its end. */
static void assert_sound(struct app *app, bool go_on)
{
    assert_true(is_original(app) != is_tapped(app));
    if (is_tapped(app))
        assert_programs(app);
    if (go_on) {
        assert_int_equal(install(app), AZM_OK);
        assert_installed(app);
    }
    assert_int_equal(undo(app), AZM_OK);
    assert_original(app);
}

static void every_step_fails(void **state)
{
    static const int moods[] = {FAILS_ONCE, FAILS_FROM_THERE, DIES};
    (void)state;
    for (unsigned kind = 0; kind < AZM_COUNT(moods) * 4; kind++) {
        bool undoing = kind & 1, go_on = kind & 2, more = true;
        int how = moods[kind / 4];
        unsigned n;
        for (n = 1; more; n++) {
            struct app app;
            enum azm_status status;
            make_app(&app);
            if (undoing)
                assert_int_equal(install(&app), AZM_OK);
            more = tried(&app, undoing ? undo : install, how, n, &status);
            if (more && status != AZM_OK && !undoing && how == FAILS_ONCE)
                assert_original(&app);
            assert_true(more || how == DIES || status == AZM_OK);
            assert_sound(&app, go_on);
            drop_app(&app);
        }
        print_message("mood %d, %s: %u steps\n", how, undoing ? "undo" : "install", n - 2);
        assert_in_range(n, 8, 100);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(installed_and_undone), cmocka_unit_test(a_path_instead_of_a_copy),
        cmocka_unit_test(only_looked_at),       cmocka_unit_test(a_newer_publish_stays),
        cmocka_unit_test(a_link_stays_one),     cmocka_unit_test(bad_folders),
        cmocka_unit_test(every_step_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
