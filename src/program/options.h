/* The options of a subcommand, from a table. Options may stand before, between and behind the other arguments; "--"
 * ends them. --name VALUE and --name=VALUE are the same. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define AZM_OPTION_LIST_MAX 64

struct azm_option_list {
    const char *items[AZM_OPTION_LIST_MAX];
    size_t count;
};

struct azm_option {         /* exactly one of flag, text, list */
    const char *name;       /* "--listen" */
    const char *value_name; /* "HOST:PORT", for the help; NULL with flag */
    const char *help;       /* NULL: not shown */
    bool *flag;
    const char **text; /* the last one wins */
    struct azm_option_list *list;
};

struct azm_usage {
    const char *line;  /* "azimuth record --listen HOST:PORT ...": first line of the help */
    const char *about; /* further lines, or NULL */
    const struct azm_option *options;
    size_t option_count;
    bool stop_at_first; /* the first argument that is no option ends them, as if "--" stood before it */
};

enum { AZM_OPTIONS_HELP = -1, AZM_OPTIONS_BAD = -2 };

/* Sets what the table names (borrowed from argv) and moves the other arguments to argv[1], argv[2], ..., with NULL
 * behind. Returns their number; AZM_OPTIONS_HELP when --help was there and is printed (exit with 0); AZM_OPTIONS_BAD
 * when stderr says what is wrong (exit with 2). */
int azm_options_parse(const struct azm_usage *usage, int argc, char **argv);
