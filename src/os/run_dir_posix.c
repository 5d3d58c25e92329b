#include "os/run_dir.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "os/private_dir.h"

static bool is_our_folder(const char *path)
{
    struct stat st;
    return path[0] == '/' && stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

static enum azm_status take_configured(azm_slice value, char out[AZM_RUN_DIR_MAX], struct azm_error *err)
{
    while (value.len > 1 && value.ptr[value.len - 1] == '/')
        value.len--;
    if (value.ptr[0] != '/')
        return azm_fail(err, AZM_BAD_CONFIG, "AZIMUTH_RUN_DIR is '%.*s'; expected an absolute path",
                        AZM_FMT(azm_slice_take(value, 200)));
    if (azm_slice_copy(value, out, AZM_RUN_DIR_MAX) < value.len)
        return azm_fail(err, AZM_BAD_CONFIG, "AZIMUTH_RUN_DIR is %zu bytes long; expected less than %u", value.len,
                        AZM_RUN_DIR_MAX);
    return AZM_OK;
}

enum azm_status azm_run_dir_path(const struct azm_env *env, char out[AZM_RUN_DIR_MAX], struct azm_error *err)
{
    azm_slice configured = azm_env_get(env, "AZIMUTH_RUN_DIR");
    if (configured.len)
        return take_configured(configured, out, err);
    azm_slice runtime = azm_env_get(env, "XDG_RUNTIME_DIR");
    if (runtime.len && azm_slice_copy(runtime, out, AZM_RUN_DIR_MAX) == runtime.len && is_our_folder(out)) {
        int len = snprintf(out, AZM_RUN_DIR_MAX, "%.*s/azimuth", AZM_FMT(runtime));
        if (len > 0 && (unsigned)len < AZM_RUN_DIR_MAX)
            return AZM_OK;
    }
    snprintf(out, AZM_RUN_DIR_MAX, "/tmp/azimuth-%lu", (unsigned long)geteuid());
    return AZM_OK;
}

enum azm_status azm_run_dir(const struct azm_env *env, char out[AZM_RUN_DIR_MAX], struct azm_error *err)
{
    enum azm_status status = azm_run_dir_path(env, out, err);
    return status == AZM_OK ? azm_private_dir_make(out, err) : status;
}
