#include "install/install_tap.h"

#include <uv.h>

#include "install/worker_config.h"
#include "os/file.h"

#define SUBFOLDER   "azimuth" /* not hidden: tools that zip or upload a folder leave hidden ones out */
#define PROGRAM_MAX ((size_t)256 << 20)

struct job {
    const struct azm_install_tap *what;
    struct azm_arena *arena;
    struct azm_install_tap_report *report;
    const char *config, *subfolder;
    struct azm_buf text, changed; /* of worker.config.json */
    unsigned mode;
};

static const char *const programs[] = {"azimuth", "azimuth-tap"};

static const char *program_path(const struct job *job, size_t i)
{
    return azm_arena_printf(job->arena, "%s/%s", job->subfolder, programs[i]);
}

/* --- looking --- */

/* worker.config.json may be a link: then what it leads to is replaced, not the link. */
static const char *real_path(struct azm_arena *arena, const char *path)
{
    uv_fs_t request;
    const char *found = path;
    if (uv_fs_realpath(NULL, &request, path, NULL) == 0)
        found = azm_arena_str(arena, azm_slice_str(request.ptr));
    uv_fs_req_cleanup(&request);
    return found;
}

static enum azm_status open_job(struct job *job, const struct azm_install_tap *what, struct azm_arena *arena,
                                struct azm_install_tap_report *report, struct azm_error *err)
{
    struct azm_file_info info;
    size_t len = strlen(what->folder);
    while (len > 1 && what->folder[len - 1] == '/')
        len--;
    const char *folder = azm_arena_str(arena, azm_slice_of(what->folder, len));
    *job = (struct job){.what = what, .arena = arena, .report = report};
    *report = (struct azm_install_tap_report){0};
    job->config = report->config = azm_arena_printf(arena, "%s/worker.config.json", folder);
    job->subfolder = report->subfolder = azm_arena_printf(arena, "%s/" SUBFOLDER, folder);
    azm_buf_init(&job->text, AZM_WORKER_CONFIG_MAX);
    azm_buf_init(&job->changed, AZM_WORKER_CONFIG_MAX * 2);
    enum azm_status st = azm_file_info(folder, &info, err);
    if (st == AZM_OK && info.kind != AZM_FILE_FOLDER)
        st = azm_fail(err, AZM_NOT_FOUND, "%s is no folder; expected a publish folder", folder);
    if (st != AZM_OK)
        return st;
    if (!azm_file_exists(job->config))
        return azm_fail(err, AZM_NOT_FOUND,
                        "%s is not there; expected the folder that `dotnet publish` of a .NET isolated app wrote",
                        job->config);
    job->config = real_path(arena, job->config);
    st = azm_file_info(job->config, &info, err);
    job->mode = info.mode & 0777;
    return st == AZM_OK ? azm_file_read(job->config, &job->text, err) : st;
}

static void close_job(struct job *job)
{
    azm_buf_dispose(&job->text);
    azm_buf_dispose(&job->changed);
}

static bool is_there(const struct job *job, azm_slice name, const char *suffix)
{
    return azm_file_exists(azm_arena_printf(job->arena, "%s/%.*s%s", job->what->folder, AZM_FMT(name), suffix));
}

/* What the host would start is in the folder, and this system's. */
static enum azm_status check_published(const struct job *job, const struct azm_worker_config *config,
                                       struct azm_error *err)
{
    static const azm_slice token = AZM_S_INIT("{WorkerRoot}");
    azm_slice worker = config->worker_path;
    if (worker.len > 0 && azm_slice_find(worker, '%') == worker.len && worker.ptr[0] != '/' &&
        !is_there(job, worker, ""))
        return azm_fail(err, AZM_NOT_FOUND,
                        "%s names the worker %.*s, which is not beside it; expected a publish folder",
                        job->report->config, AZM_FMT(azm_slice_take(worker, 200)));
    if (!azm_slice_starts(config->original, token))
        return AZM_OK;
    azm_slice name = azm_slice_drop(config->original, token.len);
    if (is_there(job, name, ""))
        return AZM_OK;
    bool windows = is_there(job, name, ".exe");
    return azm_fail(err, windows ? AZM_UNSUPPORTED : AZM_NOT_FOUND, "%s names the executable %.*s, which is not %s",
                    job->report->config, AZM_FMT(azm_slice_take(name, 200)),
                    windows ? "for this system: the folder was published for Windows" : "beside it");
}

/* --- azimuth/ --- */

static bool is_left_over(azm_slice name, azm_slice of)
{
    if (!azm_slice_starts(name, of) || !azm_slice_ends(name, AZM_S(".tmp")))
        return false;
    azm_slice rest = azm_slice_drop(name, of.len);
    bool dash = false;
    if (rest.len < sizeof ".1-1.tmp" - 1 || rest.ptr[0] != '.')
        return false;
    rest = azm_slice_take(azm_slice_drop(rest, 1), rest.len - 1 - strlen(".tmp"));
    for (size_t i = 0; i < rest.len; i++) {
        if (rest.ptr[i] == '-' && !dash)
            dash = true;
        else if (rest.ptr[i] < '0' || rest.ptr[i] > '9')
            return false;
    }
    return dash;
}

struct sweep {
    const struct job *job;
    const char *folder, *name;
};

static bool sweep_one(void *self, azm_slice name)
{
    const struct sweep *sweep = self;
    if (is_left_over(name, azm_slice_str(sweep->name)))
        (void)azm_file_remove(azm_arena_printf(sweep->job->arena, "%s/%.*s", sweep->folder, AZM_FMT(name)), NULL);
    return true;
}

/* What a call that was killed left of a file it was about to put in place (os/file.h). */
static void sweep(const struct job *job)
{
    azm_slice config = azm_slice_str(job->config);
    size_t slash = azm_slice_rfind(config, '/'), back = azm_slice_rfind(config, '\\');
    size_t end = back < config.len && (slash == config.len || back > slash) ? back : slash;
    struct sweep sweeps[] = {{job, azm_arena_str(job->arena, azm_slice_take(config, end)),
                              azm_arena_str(job->arena, azm_slice_drop(config, end + 1))},
                             {job, job->subfolder, programs[0]},
                             {job, job->subfolder, programs[1]}};
    for (size_t i = 0; i < AZM_COUNT(sweeps); i++)
        (void)!azm_dir_list(sweeps[i].folder, sweep_one, &sweeps[i], NULL);
}

static enum azm_status remove_programs(const struct job *job, struct azm_error *err)
{
    for (size_t i = 0; i < AZM_COUNT(programs); i++) {
        const char *path = program_path(job, i);
        if (!azm_file_exists(path))
            continue;
        enum azm_status st = job->what->dry_run ? AZM_OK : azm_file_remove(path, err);
        if (st != AZM_OK)
            return st;
        job->report->removed++;
    }
    return AZM_OK;
}

static void remove_subfolder(const struct job *job)
{
    sweep(job);
    (void)azm_dir_remove(job->subfolder, NULL); /* stays when there is something else in it */
}

static bool has(const char *path, azm_slice content)
{
    struct azm_file_info info;
    struct azm_buf text;
    if (azm_file_info(path, &info, NULL) != AZM_OK || info.size != content.len || (info.mode & 0111) != 0111)
        return false;
    azm_buf_init(&text, PROGRAM_MAX);
    bool same = azm_file_read(path, &text, NULL) == AZM_OK && azm_slice_eq(azm_buf_slice(&text), content);
    azm_buf_dispose(&text);
    return same;
}

static enum azm_status copy_program(const struct job *job, size_t i, struct azm_error *err)
{
    struct azm_buf content;
    const char *path = program_path(job, i);
    azm_buf_init(&content, PROGRAM_MAX);
    enum azm_status st = azm_file_read(i == 0 ? job->what->azimuth : job->what->tap, &content, err);
    bool needed = st == AZM_OK && !has(path, azm_buf_slice(&content));
    if (needed && !job->what->dry_run)
        st = azm_file_write(path, azm_buf_slice(&content), 0755, err);
    if (needed && st == AZM_OK)
        job->report->copied++;
    azm_buf_dispose(&content);
    return st;
}

static enum azm_status copy_programs(const struct job *job, struct azm_error *err)
{
    enum azm_status st = job->what->dry_run ? AZM_OK : azm_dir_make(job->subfolder, 0755, err);
    for (size_t i = 0; st == AZM_OK && i < AZM_COUNT(programs); i++)
        st = copy_program(job, i, err);
    return st;
}

/* --- the configuration --- */

static enum azm_status write_config(const struct job *job, struct azm_error *err)
{
    azm_slice changed = azm_buf_slice(&job->changed);
    if (job->what->dry_run || azm_slice_eq(changed, azm_buf_slice(&job->text)))
        return AZM_OK;
    return azm_file_write(job->config, changed, job->mode, err);
}

static enum azm_status plan(struct job *job, struct azm_worker_config *config, struct azm_error *err)
{
    azm_slice text = azm_buf_slice(&job->text);
    const char *name = job->report->config;
    const char *tap = job->what->tap_path ? job->what->tap_path : "{WorkerRoot}" SUBFOLDER "/azimuth-tap";
    enum azm_status st = azm_worker_config_read(text, name, job->arena, config, err);
    if (st == AZM_OK)
        st = check_published(job, config, err);
    if (st == AZM_OK)
        st = azm_worker_config_tap(text, name, azm_slice_str(tap), &job->changed, err);
    if (st != AZM_OK)
        return st;
    bool changes = !azm_slice_eq(text, azm_buf_slice(&job->changed));
    job->report->was = changes ? azm_arena_str(job->arena, config->executable) : NULL;
    job->report->is = tap;
    job->report->original = azm_arena_str(job->arena, config->original);
    return AZM_OK;
}

static enum azm_status install(struct job *job, struct azm_error *err)
{
    struct azm_worker_config config;
    enum azm_status st = plan(job, &config, err);
    if (st != AZM_OK)
        return st;
    if (!job->what->tap_path)
        st = copy_programs(job, err);
    if (st == AZM_OK)
        st = write_config(job, err);
    if (st != AZM_OK && !config.tapped && !job->what->dry_run) {
        (void)remove_programs(job, NULL);
        remove_subfolder(job);
    }
    if (st == AZM_OK && job->what->tap_path) {
        st = remove_programs(job, err);
        if (!job->what->dry_run)
            remove_subfolder(job);
    } else if (st == AZM_OK && !job->what->dry_run)
        sweep(job);
    return st;
}

enum azm_status azm_install_tap(const struct azm_install_tap *what, struct azm_arena *arena,
                                struct azm_install_tap_report *out, struct azm_error *err)
{
    struct job job;
    enum azm_status st = open_job(&job, what, arena, out, err);
    if (st == AZM_OK)
        st = install(&job, err);
    close_job(&job);
    return st;
}

static enum azm_status undo(struct job *job, struct azm_error *err)
{
    struct azm_worker_config was = {0}, is = {0};
    azm_slice text = azm_buf_slice(&job->text);
    const char *name = job->report->config;
    enum azm_status st = azm_worker_config_untap(text, name, &job->changed, err);
    if (st == AZM_OK) {
        (void)!azm_worker_config_read(text, name, job->arena, &was, NULL);
        (void)!azm_worker_config_read(azm_buf_slice(&job->changed), name, job->arena, &is, NULL);
        job->report->was = azm_arena_str(job->arena, was.executable);
        job->report->is = azm_arena_str(job->arena, is.executable);
        st = write_config(job, err);
    } else if (st == AZM_NOT_FOUND)
        st = AZM_OK;
    if (st != AZM_OK)
        return st;
    st = remove_programs(job, err);
    if (st == AZM_OK && !job->what->dry_run)
        remove_subfolder(job);
    return st;
}

enum azm_status azm_install_tap_undo(const struct azm_install_tap *what, struct azm_arena *arena,
                                     struct azm_install_tap_report *out, struct azm_error *err)
{
    struct job job;
    enum azm_status st = open_job(&job, what, arena, out, err);
    if (st == AZM_OK)
        st = undo(&job, err);
    close_job(&job);
    return st;
}
