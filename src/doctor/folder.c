#include "doctor/folder.h"

#include <stdio.h>

#include "doctor/finding.h"
#include "os/file.h"
#include "os/private_dir.h"

const char *azm_folder_mend(azm_slice sentence)
{
    static const struct {
        azm_slice part;
        const char *mend;
    } rows[] = {
        {AZM_S("No space left"), "make room on that disk, or set AZIMUTH_RUN_DIR to a folder on another one"},
        {AZM_S("quota"), "make room in that quota, or set AZIMUTH_RUN_DIR to a folder on another disk"},
        {AZM_S("File too large"), "allow files of 2 MiB (ulimit -f), or the ring cannot be made"},
        {AZM_S("Read-only file system"), "set AZIMUTH_RUN_DIR to a folder on a disk that can be written to"},
        {AZM_S("belongs to user"),
         "set AZIMUTH_RUN_DIR to a folder of the user that the app runs as, or remove the one that is there"},
        {AZM_S("expected 0700"), "chmod 0700 the folder, or set AZIMUTH_RUN_DIR to another one"},
        {AZM_S("symbolic link"), "set AZIMUTH_RUN_DIR to the real folder"},
        {AZM_S("is not a folder"), "remove the file, or set AZIMUTH_RUN_DIR to another path"},
        {AZM_S("expected an absolute path"), "set AZIMUTH_RUN_DIR to a path that begins with /"},
        {AZM_S("bytes long"), "set AZIMUTH_RUN_DIR to a shorter path"},
        {AZM_S("No such file"), "make the folder above it, or set AZIMUTH_RUN_DIR to a path that is there"},
        {AZM_S("Permission denied"), "set AZIMUTH_RUN_DIR to a folder that the user of the app may write to"},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        if (azm_slice_search(sentence, rows[i].part) < sentence.len)
            return rows[i].mend;
    return "set AZIMUTH_RUN_DIR to a folder that belongs to the user of the app";
}

static void find(json_t *report, const struct azm_error *err)
{
    azm_finding(report, "run_folder", AZM_PROBLEM_ERROR, azm_folder_mend(azm_slice_str(err->text)),
                "nothing can be seen in this run folder: %s", err->text);
}

/* It is made when it is needed; can it be? */
static void check_parent(json_t *report, const char *run_dir)
{
    char parent[600];
    struct azm_error err;
    azm_slice path = azm_slice_str(run_dir);
    azm_slice_copy(azm_slice_take(path, azm_slice_rfind(path, '/')), parent, sizeof parent);
    if (azm_dir_writable(parent[0] ? parent : "/", &err) != AZM_OK)
        find(report, &err);
}

bool azm_folder_check(json_t *report, const char *run_dir)
{
    struct azm_error err;
    enum azm_status status = azm_private_dir_check(run_dir, &err);
    if (status == AZM_NOT_FOUND) {
        check_parent(report, run_dir);
        return false;
    }
    if (status == AZM_OK)
        status = azm_dir_writable(run_dir, &err);
    if (status != AZM_OK)
        find(report, &err);
    return status == AZM_OK;
}
