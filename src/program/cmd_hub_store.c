/* azimuth hub backup | check | vacuum: what an operator does with the store. */
#include "program/commands.h"

#include "hub/store/maintain.h"
#include "program/data_dir.h"
#include "program/options.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

static const char *data_dir;

static int fail(const char *what, enum azm_status status, const struct azm_error *err)
{
    fprintf(stderr, "azimuth hub %s: %s\n", what, err->text);
    return status == AZM_EXISTS || status == AZM_NOT_FOUND ? 2 : 1;
}

static int backup(const char *file)
{
    struct azm_error err = {.text = ""};
    enum azm_status status = azm_maintain_backup(data_dir, file, &err);
    if (status != AZM_OK)
        return fail("backup", status, &err);
    printf("azimuth hub backup: %s/hub.db is copied to %s\n", data_dir, file);
    return 0;
}

static int check(const char *file)
{
    (void)file;
    struct azm_error err = {.text = ""};
    enum azm_status status = azm_maintain_check(data_dir, &err);
    if (status != AZM_OK)
        return fail("check", status, &err);
    printf("azimuth hub check: %s/hub.db is sound\n", data_dir);
    return 0;
}

static int vacuum(const char *file)
{
    (void)file;
    struct azm_error err = {.text = ""};
    uint64_t before = 0, after = 0;
    enum azm_status status = azm_maintain_vacuum(data_dir, &before, &after, &err);
    if (status != AZM_OK)
        return fail("vacuum", status, &err);
    printf("azimuth hub vacuum: %s/hub.db had %" PRIu64 " bytes, and has %" PRIu64 "\n", data_dir, before, after);
    return 0;
}

static const struct command {
    const char *name, *line, *about;
    int (*run)(const char *file);
    bool takes_file;
} commands[] = {
    {"backup", "azimuth hub backup [--data-dir DIR] FILE",
     "Copies what the hub has stored to a new file, also while it works.", backup, true},
    {"check", "azimuth hub check [--data-dir DIR]", "Looks whether the store is damaged. Exit code 1 when it is.",
     check, false},
    {"vacuum", "azimuth hub vacuum [--data-dir DIR]",
     "Gives the room of what was deleted back to the disk. Best without a hub at work.", vacuum, false},
};

static int run(const struct command *command, int argc, char **argv)
{
    static char folder[4096];
    const struct azm_option options[] = {
        {"--data-dir", "DIR", "where the data is; default $XDG_DATA_HOME/azimuth", NULL, &data_dir, NULL}};
    const struct azm_usage usage = {command->line, command->about, options, AZM_COUNT(options), false};
    int rest = azm_options_parse(&usage, argc, argv);
    if (rest < 0)
        return rest == AZM_OPTIONS_HELP ? 0 : 2;
    if (rest != command->takes_file) {
        fprintf(stderr, "azimuth hub %s: expected %s\n", command->name,
                command->takes_file ? "one FILE" : "no argument");
        return 2;
    }
    if (!data_dir && azm_data_dir(folder, sizeof folder))
        data_dir = folder;
    if (!data_dir) {
        fprintf(stderr, "azimuth hub %s: neither XDG_DATA_HOME nor HOME is set; name a folder with --data-dir\n",
                command->name);
        return 2;
    }
    return command->run(argv[1]);
}

bool azm_cmd_hub_store(int argc, char **argv, int *code)
{
    for (size_t i = 0; argc > 1 && i < AZM_COUNT(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            *code = run(&commands[i], argc - 1, argv + 1);
            return true;
        }
    }
    return false;
}
