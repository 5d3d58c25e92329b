/* azimuth install-tap: put the tap into the publish folder of a .NET isolated app, or take it out again. */
#include <stdio.h>

#include "install/install_tap.h"
#include "program/beside.h"
#include "program/commands.h"
#include "program/options.h"

static void tell_installed(const struct azm_install_tap_report *report, const struct azm_install_tap *what)
{
    const char *would = what->dry_run ? "would " : "";
    if (!what->tap_path && report->copied > 0)
        printf("%s: %u programs %s\n", report->subfolder, report->copied, what->dry_run ? "would be copied" : "copied");
    if (report->removed > 0)
        printf("%s: %sremove%s, it is not needed any more\n", report->subfolder, would, what->dry_run ? "" : "d");
    if (report->was)
        printf("%s: the host %sstart%s %s, which starts %s\n", report->config, would, what->dry_run ? "" : "s",
               report->is, report->original);
    else
        printf("%s: the tap is in place already, it stands for %s\n", report->config, report->original);
}

static void tell_undone(const struct azm_install_tap_report *report, const struct azm_install_tap *what)
{
    if (report->was)
        printf("%s: %s as it was: the host starts %s\n", report->config, what->dry_run ? "would be" : "is", report->is);
    else
        printf("%s: azimuth-tap is not in it (any more): left as it is\n", report->config);
    if (report->removed > 0)
        printf("%s: %s\n", report->subfolder, what->dry_run ? "would be removed" : "removed");
}

static int install(struct azm_install_tap what, bool undo)
{
    struct azm_error err;
    struct azm_arena arena;
    struct azm_install_tap_report report;
    char tap[AZM_PATH_MAX], azimuth[AZM_PATH_MAX];
    enum azm_status st = azm_program_path(azimuth, &err);
    if (st == AZM_OK)
        st = azm_program_beside("azimuth-tap", tap, &err);
    what.tap = tap;
    what.azimuth = azimuth;
    azm_arena_init(&arena, 0);
    if (st == AZM_OK)
        st = undo ? azm_install_tap_undo(&what, &arena, &report, &err) : azm_install_tap(&what, &arena, &report, &err);
    if (st != AZM_OK)
        fprintf(stderr, "azimuth install-tap: %s\n", err.text);
    else if (undo)
        tell_undone(&report, &what);
    else
        tell_installed(&report, &what);
    azm_arena_dispose(&arena);
    return st == AZM_OK ? 0 : st == AZM_BAD_USAGE ? 2 : 1;
}

int azm_cmd_install_tap(int argc, char **argv)
{
    struct azm_install_tap what = {0};
    bool undo = false;
    const struct azm_option options[] = {
        {"--undo", NULL, "put everything back as it was", .flag = &undo},
        {"--tap", "PATH", "copy nothing: azimuth-tap will be at PATH where the app runs", .text = &what.tap_path},
        {"--dry-run", NULL, "only say what would be done", .flag = &what.dry_run},
    };
    const struct azm_usage usage = {
        "azimuth install-tap DIR [--undo] [--tap PATH] [--dry-run]",
        "Puts azimuth-tap into DIR, what `dotnet publish` of a .NET isolated function app wrote, so that the "
        "Functions\n"
        "host starts the app through it. To be repeated after every publish. Other languages need an app setting only.",
        options, AZM_COUNT(options), false};
    int rest = azm_options_parse(&usage, argc, argv);
    if (rest < 0)
        return rest == AZM_OPTIONS_HELP ? 0 : 2;
    const char *wrong = rest < 1                           ? "no folder was given"
                        : rest > 1                         ? "more than one folder was given"
                        : undo && what.tap_path            ? "--undo and --tap do not go together"
                        : what.tap_path && !*what.tap_path ? "--tap needs a path"
                                                           : NULL;
    if (wrong) {
        fprintf(stderr, "azimuth install-tap: %s\nusage: %s\n", wrong, usage.line);
        return 2;
    }
    what.folder = argv[1];
    return install(what, undo);
}
