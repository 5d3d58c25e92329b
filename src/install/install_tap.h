/* Puts the tap into the publish folder of a .NET isolated app, and takes it out again. The folder gets azimuth/ with
 * azimuth-tap and azimuth (the agent, which the tap starts from beside itself), and worker.config.json names it by
 * {WorkerRoot}, which the host takes for the folder the app runs from: so it may be zipped, moved, and run from a
 * read-only package. Files come first, the configuration last and in one step, and is undone first: killed at any
 * moment, the folder either runs as before or runs through the tap, and either call finishes what is left. */
#pragma once

#include "base/arena.h"

struct azm_install_tap {
    const char *folder;
    const char *tap, *azimuth; /* what is copied */
    /* Not NULL: nothing is copied, the configuration names the tap by this path, where it will be when the app runs. */
    const char *tap_path;
    bool dry_run; /* everything is looked at, nothing is written */
};

/* What was done, or would be. Texts lie in the arena. */
struct azm_install_tap_report {
    const char *config;       /* the file's path */
    const char *was, *is;     /* what the host starts; was: NULL when the file needed no change */
    const char *original;     /* what the tap stands for; NULL after an undo */
    const char *subfolder;    /* azimuth/, with its path */
    unsigned copied, removed; /* files in it */
};

/* AZM_NOT_FOUND: no such folder, or not one that was published; AZM_BAD_INPUT, AZM_UNSUPPORTED, AZM_BAD_CONFIG: see
 * worker_config.h, or the folder is made for another system; AZM_DENIED, AZM_FULL, ...: a file cannot be written. What
 * was copied is then removed again, unless the configuration needed it before. */
enum azm_status azm_install_tap(const struct azm_install_tap *what, struct azm_arena *arena,
                                struct azm_install_tap_report *out, struct azm_error *err) AZM_MUST_CHECK;
/* worker.config.json as it was, and no azimuth/. A file without the tap in it, because a newer publish has replaced it
 * or nothing was ever installed, is left as it is. */
enum azm_status azm_install_tap_undo(const struct azm_install_tap *what, struct azm_arena *arena,
                                     struct azm_install_tap_report *out, struct azm_error *err) AZM_MUST_CHECK;
