/* azimuth traces: what a hub holds, as a table, or one trace as a waterfall. */
#include "program/commands.h"

#include "base/buf.h"
#include "program/hub_client.h"
#include "program/options.h"
#include "program/trace_text.h"
#include "run/hub.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { POLL_MS = 500, OUT_MAX = 256 * 1024 * 1024 };

struct arguments {
    const char *hub, *token, *limit, *service, *id;
    bool follow, json;
    struct azm_terminal terminal;
};

static int fail(const struct azm_error *err)
{
    fprintf(stderr, "azimuth traces: %s\n", err->text);
    return err->status == AZM_BAD_CONFIG ? 2 : 1;
}

/* False: nobody reads any more. */
static bool print(struct azm_buf *out)
{
    bool ok = fwrite(out->ptr ? out->ptr : "", 1, out->len, stdout) == out->len && fflush(stdout) == 0;
    azm_buf_clear(out);
    return ok;
}

static void add_json(struct azm_buf *out, const json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENSURE_ASCII); /* no control characters either */
    azm_buf_add_str(out, text);
    azm_buf_add_byte(out, '\n');
    free(text);
}

static enum azm_status get_list(struct azm_hub_client *client, const struct arguments *args, int64_t after,
                                json_t **out, struct azm_error *err)
{
    struct azm_buf path;
    char storage[1024];
    azm_buf_init_fixed(&path, storage, sizeof storage - 1);
    azm_buf_addf(&path, "/api/traces?limit=%s", after ? "1000" : args->limit);
    if (args->service) {
        azm_buf_add_str(&path, "&service=");
        azm_hub_client_escape(&path, azm_slice_str(args->service));
    }
    if (after)
        azm_buf_addf(&path, "&after=%" PRId64, after);
    if (path.failed)
        return azm_fail(err, AZM_BAD_CONFIG, "--service %.60s...: too long", args->service);
    storage[path.len] = '\0';
    return azm_hub_client_get(client, storage, out, err);
}

/* The newest at the end, as a log is read. */
static void add_rows(const struct arguments *args, const json_t *list, bool newest_first, struct azm_buf *out)
{
    size_t count = json_array_size(list);
    for (size_t i = 0; i < count; i++) {
        const json_t *trace = json_array_get(list, newest_first ? count - 1 - i : i);
        if (args->json)
            add_json(out, trace);
        else
            azm_trace_text_row(&args->terminal, trace, out);
    }
}

/* Nothing to see is not an answer: what would make it one is. */
static void add_head(const struct arguments *args, size_t count, struct azm_buf *out)
{
    if (count == 0 && args->service)
        fprintf(stderr, "azimuth: no traces of %.100s\n", args->service);
    else if (count == 0)
        fputs("azimuth: no traces yet; in the app's folder: azimuth run -- func start (and azimuth doctor, where that "
              "shows none)\n",
              stderr);
    if (count > 0 || args->follow)
        azm_trace_text_head(&args->terminal, out);
}

static int show_list(struct azm_hub_client *client, const struct arguments *args, struct azm_buf *out)
{
    struct azm_error err = {.status = AZM_OK};
    int64_t after = 0;
    for (;;) {
        json_t *answer = NULL;
        if (get_list(client, args, after, &answer, &err) != AZM_OK)
            return fail(&err);
        if (after == 0 && !args->json)
            add_head(args, json_array_size(json_object_get(answer, "traces")), out);
        add_rows(args, json_object_get(answer, "traces"), after == 0, out);
        after = json_integer_value(json_object_get(answer, "cursor"));
        json_decref(answer);
        if (!print(out) || !args->follow)
            return 0;
        uv_sleep(POLL_MS);
    }
}

static int show_trace(struct azm_hub_client *client, const struct arguments *args, struct azm_buf *out)
{
    struct azm_error err = {.status = AZM_OK};
    struct azm_buf path;
    char id[1100], storage[4000];
    json_t *answer = NULL;
    if (azm_hub_client_find_trace(client, args->id, id, sizeof id, &err) != AZM_OK)
        return fail(&err);
    azm_buf_init_fixed(&path, storage, sizeof storage - 1);
    azm_buf_add_str(&path, "/api/traces/");
    azm_hub_client_escape(&path, azm_slice_str(id));
    storage[path.len] = '\0';
    if (azm_hub_client_get(client, storage, &answer, &err) != AZM_OK)
        return fail(&err);
    if (args->json)
        add_json(out, answer);
    else
        azm_trace_text_waterfall(&args->terminal, answer, out);
    json_decref(answer);
    print(out);
    return 0;
}

static bool check(const struct arguments *args, int rest, char **argv)
{
    uint64_t limit;
    const char *wrong = NULL, *expected = NULL;
    if (rest > 1) {
        wrong = argv[2];
        expected = "one trace id at most";
    } else if (azm_slice_to_u64(azm_slice_str(args->limit), &limit) != AZM_OK || limit < 1 || limit > 1000) {
        wrong = args->limit;
        expected = "--limit from 1 to 1000";
    } else if (args->id && (strlen(args->id) < AZM_TRACE_PREFIX_LEAST || strlen(args->id) > 128)) {
        wrong = args->id;
        expected = "at least 4 characters of a trace id";
    } else if (args->id && args->follow) {
        wrong = args->id;
        expected = "no trace id with --follow";
    }
    if (wrong)
        fprintf(stderr, "azimuth traces: %.100s: expected %s\n", wrong, expected);
    return !wrong;
}

static int run(const struct arguments *args)
{
    struct azm_hub_client *client;
    struct azm_error err = {.status = AZM_OK};
    struct azm_buf out;
    char found[64];
    if (!args->hub)
        snprintf(found, sizeof found, "http://127.0.0.1:%u", azm_run_hub_port(&azm_env_process));
    if (azm_hub_client_open(args->hub ? args->hub : found, args->token, &client, &err) != AZM_OK)
        return fail(&err);
    azm_buf_init(&out, OUT_MAX);
    int code = args->id ? show_trace(client, args, &out) : show_list(client, args, &out);
    azm_buf_dispose(&out);
    azm_hub_client_close(client);
    return code;
}

int azm_cmd_traces(int argc, char **argv)
{
    struct arguments args = {.limit = "20", .token = getenv("AZIMUTH_HUB_TOKEN")};
    const struct azm_option options[] = {
        {"--follow", NULL, "go on and show new traces as they come", &args.follow, NULL, NULL},
        {"--limit", "N", "how many of the last ones to show; default 20", NULL, &args.limit, NULL},
        {"--service", "NAME", "only those that began in this service", NULL, &args.service, NULL},
        {"--hub", "URL", "where the hub is; default: port 8200 of this machine, or where azimuth run has put it", NULL,
         &args.hub, NULL},
        {"--token", "TOKEN", "the hub's token; else $AZIMUTH_HUB_TOKEN", NULL, &args.token, NULL},
        {"--json", NULL, "JSON: one line per trace, or the whole trace", &args.json, NULL, NULL},
    };
    const struct azm_usage usage = {"azimuth traces [TRACE_ID] [OPTIONS]",
                                    "Lists the last traces of a hub, or shows one; the first characters of its id will "
                                    "do.",
                                    options, AZM_COUNT(options), false};
    int rest = azm_options_parse(&usage, argc, argv);
    if (rest < 0)
        return rest == AZM_OPTIONS_HELP ? 0 : 2;
    args.id = rest > 0 ? argv[1] : NULL;
    if (!check(&args, rest, argv))
        return 2;
    args.terminal = azm_terminal_of_stdout();
    return run(&args);
}
