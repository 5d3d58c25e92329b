/* A folder of its own for a test, under $TMPDIR or /tmp, removed again with everything in it. */
#pragma once

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

struct azm_temp_dir {
    char path[200];
};

static inline struct azm_temp_dir azm_temp_dir_make(void)
{
    struct azm_temp_dir dir;
    const char *base = getenv("TMPDIR");
    snprintf(dir.path, sizeof dir.path, "%s/azimuth-test-XXXXXX", base && *base ? base : "/tmp");
    if (!mkdtemp(dir.path))
        abort();
    return dir;
}

static inline int azm_temp_dir_remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
    (void)st, (void)type, (void)ftw;
    return remove(path);
}

static inline void azm_temp_dir_remove(const struct azm_temp_dir *dir)
{
    if (nftw(dir->path, azm_temp_dir_remove_one, 16, FTW_DEPTH | FTW_PHYS) != 0)
        perror(dir->path);
}

struct azm_temp_path {
    char text[300];
};

static inline struct azm_temp_path azm_temp_dir_at(const struct azm_temp_dir *dir, const char *name)
{
    struct azm_temp_path path;
    snprintf(path.text, sizeof path.text, "%s/%s", dir->path, name);
    return path;
}
