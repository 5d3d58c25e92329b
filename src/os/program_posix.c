#include "os/program.h"

#include <errno.h>
#include <sys/stat.h>
#include <unistd.h>

/* AZM_OK: an executable file; AZM_BAD_CONFIG: self. */
static enum azm_status check(const char *path, const char *self)
{
    struct stat st, own;
    if (stat(path, &st) != 0)
        return errno == EACCES ? AZM_DENIED : AZM_NOT_FOUND;
    if (self && stat(self, &own) == 0 && own.st_dev == st.st_dev && own.st_ino == st.st_ino)
        return AZM_BAD_CONFIG;
    return S_ISREG(st.st_mode) && access(path, X_OK) == 0 ? AZM_OK : AZM_DENIED;
}

static enum azm_status fail(struct azm_error *err, enum azm_status status, azm_slice name)
{
    name = azm_slice_take(name, 300);
    if (status == AZM_DENIED)
        return azm_fail(err, status, "cannot start \"%.*s\": permission denied", AZM_FMT(name));
    if (status == AZM_BAD_CONFIG)
        return azm_fail(err, status, "cannot start \"%.*s\": it is azimuth-tap itself", AZM_FMT(name));
    return azm_fail(err, status, "cannot start \"%.*s\": no such file", AZM_FMT(name));
}

enum azm_status azm_program_find(azm_slice name, azm_slice search_path, const char *self, struct azm_arena *arena,
                                 const char **path, struct azm_error *err)
{
    enum azm_status worst = AZM_NOT_FOUND;
    if (azm_slice_find(name, '/') < name.len) {
        *path = azm_arena_str(arena, name);
        worst = *path ? check(*path, self) : AZM_NO_MEMORY;
        return worst == AZM_OK ? AZM_OK : fail(err, worst, name);
    }
    if (!search_path.ptr)
        search_path = AZM_S("/usr/local/bin:/bin:/usr/bin");
    azm_slice folder;
    while (name.len > 0 && azm_slice_split(&search_path, ':', &folder)) {
        azm_slice in = folder.len > 0 ? folder : AZM_S(".");
        *path = azm_arena_printf(arena, "%.*s/%.*s", AZM_FMT(in), AZM_FMT(name));
        enum azm_status status = *path ? check(*path, self) : AZM_NO_MEMORY;
        if (status == AZM_OK)
            return AZM_OK;
        if (status != AZM_NOT_FOUND)
            worst = status;
    }
    return fail(err, worst, name);
}

azm_slice azm_program_name(azm_slice path)
{
    size_t slash = azm_slice_rfind(path, '/');
    return slash < path.len ? azm_slice_drop(path, slash + 1) : path;
}

azm_slice azm_program_os(void)
{
    return AZM_S("LINUX");
}

azm_slice azm_program_architecture(void)
{
    return AZM_S("X64");
}
