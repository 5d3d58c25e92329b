/* azimuth hub export | import: a trace as a file, from one hub to another. */
#include "program/commands.h"

#include "base/env.h"
#include "os/file.h"
#include "program/hub_client.h"
#include "program/options.h"
#include "program/terminal.h"
#include "run/hub.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* FILE_MAX: what a hub takes. LINKS_MAX: more are only counted. */
enum { FILE_MAX = 64 * 1024 * 1024, LINKS_MAX = 10, MESSAGE_COLUMNS = 300 };

struct arguments {
    const char *hub, *token, *format, *file;
};

static int fail(const char *command, const char *what, const struct azm_error *err)
{
    fprintf(stderr, "azimuth hub %s: %s%s%s\n", command, what ? what : "", what ? ": " : "", err->text);
    return err->status == AZM_BAD_CONFIG ? 2 : 1;
}

static enum azm_status open_hub(struct arguments *args, struct azm_hub_client **out, struct azm_error *err)
{
    static char usual[64];
    if (!args->hub) {
        snprintf(usual, sizeof usual, "http://127.0.0.1:%u", azm_run_hub_port(&azm_env_process));
        args->hub = usual;
    }
    return azm_hub_client_open(args->hub, args->token, out, err);
}

/* --- export --- */

static enum azm_status get_file(struct azm_hub_client *client, const struct arguments *args, const char *id,
                                azm_slice *content, struct azm_error *err)
{
    struct azm_buf path;
    char storage[1024];
    azm_buf_init_fixed(&path, storage, sizeof storage - 1);
    azm_buf_add_str(&path, "/api/traces/");
    azm_hub_client_escape(&path, azm_slice_str(id));
    azm_buf_addf(&path, "/export?format=%s", args->format);
    storage[path.len] = '\0';
    return azm_hub_client_get_file(client, storage, content, err);
}

static enum azm_status put_file(const struct arguments *args, azm_slice content, struct azm_error *err)
{
    if (args->file)
        return azm_file_write(args->file, content, 0600, err);
    bool ok = fwrite(content.ptr, 1, content.len, stdout) == content.len && fflush(stdout) == 0;
    return ok ? AZM_OK : azm_fail(err, AZM_IO, "the output cannot be written");
}

static int export_trace(struct azm_hub_client *client, struct arguments *args, char **given)
{
    struct azm_error err = {.text = ""};
    char id[AZM_TRACE_ID_MAX + 1];
    azm_slice content;
    enum azm_status status = azm_hub_client_find_trace(client, given[0], id, sizeof id, &err);
    if (status == AZM_OK)
        status = get_file(client, args, id, &content, &err);
    if (status == AZM_OK)
        status = put_file(args, content, &err);
    if (status != AZM_OK)
        return fail("export", NULL, &err);
    if (args->file)
        printf("azimuth hub export: trace %s is in %s\n", id, args->file);
    return 0;
}

/* --- import --- */

/* A hub's words quote the file, which is somebody else's. */
static void add_foreign(struct azm_buf *out, const json_t *text)
{
    const struct azm_terminal terminal = azm_terminal_of_stdout();
    azm_terminal_add(&terminal, out, azm_slice_str(json_string_value(text)), 0, MESSAGE_COLUMNS);
}

static void add_error(const json_t *error, const char *file, struct azm_buf *out)
{
    json_int_t line = json_integer_value(json_object_get(error, "line"));
    azm_buf_addf(out, "azimuth hub import: %s: ", file);
    if (line)
        azm_buf_addf(out, "line %" JSON_INTEGER_FORMAT ": ", line);
    add_foreign(out, json_object_get(error, "message"));
    azm_buf_add_byte(out, '\n');
}

static void show_answer(const struct arguments *args, const char *file, const json_t *answer)
{
    const json_t *traces = json_object_get(answer, "traces"), *errors = json_object_get(answer, "errors");
    size_t count = json_array_size(traces), i;
    json_t *error;
    struct azm_buf out;
    azm_buf_init(&out, 64 * 1024);
    json_int_t events = json_integer_value(json_object_get(answer, "accepted"));
    printf("azimuth hub import: %s: %" JSON_INTEGER_FORMAT " event%s of %zu trace%s\n", file, events,
           events == 1 ? "" : "s", count, count == 1 ? "" : "s");
    for (i = 0; i < count && i < LINKS_MAX; i++) {
        azm_buf_addf(&out, "  %s/#", args->hub);
        azm_hub_client_escape(&out, azm_slice_str(json_string_value(json_array_get(traces, i))));
        azm_buf_add_byte(&out, '\n');
    }
    fwrite(out.ptr ? out.ptr : "", 1, out.len, stdout);
    azm_buf_clear(&out);
    json_array_foreach(errors, i, error) add_error(error, file, &out);
    fwrite(out.ptr ? out.ptr : "", 1, out.len, stderr);
    azm_buf_dispose(&out);
}

static int import_file(struct azm_hub_client *client, const struct arguments *args, const char *file)
{
    struct azm_error err = {.text = ""};
    struct azm_buf content;
    json_t *answer = NULL;
    azm_buf_init(&content, FILE_MAX);
    enum azm_status status = azm_file_read(file, &content, &err);
    if (status == AZM_OK)
        status = azm_hub_client_post(client, "/api/import", azm_buf_slice(&content), &answer, &err);
    azm_buf_dispose(&content);
    if (json_is_array(json_object_get(answer, "traces")))
        show_answer(args, file, answer);
    else if (status != AZM_OK)
        fail("import", file, &err);
    json_decref(answer);
    return status == AZM_OK ? 0 : 1;
}

static int import_files(struct azm_hub_client *client, struct arguments *args, char **given)
{
    int code = 0;
    for (; *given; given++)
        code |= import_file(client, args, *given);
    return code;
}

/* --- */

static bool is_prefix(char **given, int count)
{
    return count == 1 && strlen(given[0]) >= AZM_TRACE_PREFIX_LEAST && strlen(given[0]) <= AZM_TRACE_ID_MAX;
}

static bool is_any(char **given, int count)
{
    (void)given;
    return count > 0;
}

static const struct command {
    const char *name, *line, *about, *expected;
    bool (*check)(char **given, int count);
    int (*run)(struct azm_hub_client *client, struct arguments *args, char **given);
    bool exports;
} commands[] = {
    {"export", "azimuth hub export TRACE_ID [OPTIONS]",
     "Writes a trace to a file that another hub imports; the first characters of its id will do.",
     "one trace id, at least 4 characters of it", is_prefix, export_trace, true},
    {"import", "azimuth hub import FILE... [OPTIONS]",
     "Gives a hub what was exported: lines of intake v2, or OTLP JSON, plain or gzip'd.", "a FILE", is_any,
     import_files, false},
};

static int run(const struct command *command, int argc, char **argv)
{
    struct arguments args = {.token = getenv("AZIMUTH_HUB_TOKEN"), .format = "intake"};
    const struct azm_option options[] = {
        {"--hub", "URL", "where the hub is; default: port 8200 of this machine, or where azimuth run has put it", NULL,
         &args.hub, NULL},
        {"--token", "TOKEN", "the hub's token; else $AZIMUTH_HUB_TOKEN", NULL, &args.token, NULL},
        {"--format", "FORMAT", "intake (Elastic's intake v2; default) or otlp (OTLP JSON)", NULL, &args.format, NULL},
        {"-o", "FILE", "where to write it; default: standard output", NULL, &args.file, NULL},
    };
    const struct azm_usage usage = {command->line, command->about, options,
                                    command->exports ? AZM_COUNT(options) : AZM_COUNT(options) - 2, false};
    struct azm_error err = {.text = ""};
    struct azm_hub_client *client;
    int rest = azm_options_parse(&usage, argc, argv);
    if (rest < 0)
        return rest == AZM_OPTIONS_HELP ? 0 : 2;
    if (!command->check(argv + 1, rest)) {
        fprintf(stderr, "azimuth hub %s: expected %s\n", command->name, command->expected);
        return 2;
    }
    if (strcmp(args.format, "intake") != 0 && strcmp(args.format, "otlp") != 0) {
        fprintf(stderr, "azimuth hub %s: --format %.60s: expected intake or otlp\n", command->name, args.format);
        return 2;
    }
    if (open_hub(&args, &client, &err) != AZM_OK)
        return fail(command->name, NULL, &err);
    int code = command->run(client, &args, argv + 1);
    azm_hub_client_close(client);
    return code;
}

bool azm_cmd_hub_exchange(int argc, char **argv, int *code)
{
    for (size_t i = 0; argc > 1 && i < AZM_COUNT(commands); i++) {
        if (strcmp(argv[1], commands[i].name) == 0) {
            *code = run(&commands[i], argc - 1, argv + 1);
            return true;
        }
    }
    return false;
}
