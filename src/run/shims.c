#include "run/shims.h"

#include <uv.h>

#include "os/private_dir.h"
#include "os/program.h"
#include "os/run_dir.h"
#include "os/self.h"

static bool is_link_to(const char *link, const char *target)
{
    uv_fs_t request;
    bool same = uv_fs_readlink(NULL, &request, link, NULL) == 0 && strcmp(request.ptr, target) == 0;
    uv_fs_req_cleanup(&request);
    return same;
}

/* Made beside and renamed: another run may be using the old one at this moment. */
static enum azm_status make_link(const char *link, const char *target, struct azm_arena *arena, struct azm_error *err)
{
    uv_fs_t request;
    const char *beside = azm_arena_printf(arena, "%s.%u.tmp", link, azm_self_pid());
    if (is_link_to(link, target))
        return AZM_OK;
    uv_fs_unlink(NULL, &request, beside, NULL);
    uv_fs_req_cleanup(&request);
    int cause = uv_fs_symlink(NULL, &request, target, beside, 0, NULL);
    uv_fs_req_cleanup(&request);
    if (cause == 0) {
        cause = uv_fs_rename(NULL, &request, beside, link, NULL);
        uv_fs_req_cleanup(&request);
    }
    return cause == 0 ? AZM_OK : azm_fail(err, AZM_IO, "cannot make the link %s: %s", link, uv_strerror(cause));
}

enum azm_status azm_run_shims(const struct azm_env *env, const char *tap, struct azm_arena *arena, const char **folder,
                              struct azm_error *err)
{
    char run_dir[AZM_RUN_DIR_MAX];
    const char *real;
    *folder = NULL;
    if (!azm_slice_eq(azm_program_os(), AZM_S("LINUX")) ||
        azm_program_find(AZM_S("dotnet"), azm_env_get(env, "PATH"), tap, arena, &real, NULL) != AZM_OK)
        return AZM_OK;
    enum azm_status st = azm_run_dir(env, run_dir, err);
    const char *bin = azm_arena_printf(arena, "%s/bin", run_dir);
    if (st == AZM_OK)
        st = azm_private_dir_make(bin, err);
    if (st == AZM_OK)
        st = make_link(azm_arena_printf(arena, "%s/dotnet", bin), tap, arena, err);
    if (st == AZM_OK)
        *folder = bin;
    return st;
}
