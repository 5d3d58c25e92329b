#include "program/options.h"

#include <stdio.h>
#include <string.h>

static void print_help(const struct azm_usage *usage)
{
    printf("usage: %s\n", usage->line);
    if (usage->about)
        printf("\n%s\n", usage->about);
    puts("");
    for (size_t i = 0; i < usage->option_count; i++) {
        const struct azm_option *option = &usage->options[i];
        char left[64];
        snprintf(left, sizeof left, "%s %s", option->name, option->value_name ? option->value_name : "");
        if (option->help)
            printf("  %-26s %s\n", left, option->help);
    }
}

static int bad(const struct azm_usage *usage, const char *argument, const char *what)
{
    fprintf(stderr, "azimuth: %s %s\nusage: %s\n", argument, what, usage->line);
    return AZM_OPTIONS_BAD;
}

static const struct azm_option *find(const struct azm_usage *usage, const char *argument, const char **value)
{
    const char *equals = strchr(argument, '=');
    size_t len = equals ? (size_t)(equals - argument) : strlen(argument);
    *value = equals ? equals + 1 : NULL;
    for (size_t i = 0; i < usage->option_count; i++)
        if (strlen(usage->options[i].name) == len && strncmp(usage->options[i].name, argument, len) == 0)
            return &usage->options[i];
    return NULL;
}

/* Returns the arguments used up, 1 or 2, or AZM_OPTIONS_BAD. */
static int take(const struct azm_usage *usage, char **argv)
{
    const char *value;
    const struct azm_option *option = find(usage, argv[0], &value);
    int used = 1;
    if (!option)
        return bad(usage, argv[0], "is no option of this command");
    if (option->flag && value)
        return bad(usage, option->name, "takes no value");
    if (option->flag) {
        *option->flag = true;
        return used;
    }
    if (!value && !argv[1])
        return bad(usage, option->name, "needs a value");
    if (!value) {
        value = argv[1];
        used = 2;
    }
    if (option->text)
        *option->text = value;
    else if (option->list->count == AZM_OPTION_LIST_MAX)
        return bad(usage, option->name, "was given too often");
    else
        option->list->items[option->list->count++] = value;
    return used;
}

int azm_options_parse(const struct azm_usage *usage, int argc, char **argv)
{
    int rest = 0, i = 1;
    while (i < argc) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            print_help(usage);
            return AZM_OPTIONS_HELP;
        }
        bool ends = strcmp(argv[i], "--") == 0;
        if (ends || (usage->stop_at_first && argv[i][0] != '-')) {
            i += ends;
            break;
        }
        if (argv[i][0] != '-' || argv[i][1] == 0) {
            argv[1 + rest++] = argv[i++];
            continue;
        }
        int used = take(usage, &argv[i]);
        if (used < 0)
            return used;
        i += used;
    }
    while (i < argc)
        argv[1 + rest++] = argv[i++];
    argv[1 + rest] = NULL;
    return rest;
}
