/* azimuth replay: play recorded conversations through a real tap and compare what comes out. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "program/beside.h"
#include "program/commands.h"
#include "program/options.h"
#include "recording/environments.h"
#include "recording/pair.h"
#include "recording/player.h"
#include "recording/stand_in.h"

struct replay {
    const char *environments; /* a table, or NULL */
    const struct azm_option_list *variables;
    struct azm_player_options player;
};

static int be_worker(const char *control, char **arguments)
{
    struct azm_error err;
    if (azm_stand_in_run(control, arguments, &err) == AZM_OK)
        return 0;
    fprintf(stderr, "azimuth replay: the stand-in for the worker: %s\n", err.text);
    return 1;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The command line's variables stand behind the table's and win. */
static enum azm_status environment(const struct replay *replay, const char *path, struct azm_arena *arena,
                                   const char ***out, struct azm_error *err)
{
    static const char *none[] = {NULL};
    const char **table = none;
    size_t count = 0, n = 0;
    if (replay->environments) {
        enum azm_status st = azm_environments_load(replay->environments, base_name(path), arena, &table, err);
        if (st != AZM_OK)
            return st;
    }
    while (table[count])
        count++;
    *out = azm_arena_array(arena, const char *, count + replay->variables->count + 1);
    for (size_t i = replay->variables->count; i-- > 0;)
        (*out)[n++] = replay->variables->items[i];
    for (size_t i = 0; i < count; i++)
        (*out)[n++] = table[i];
    return AZM_OK;
}

static void tell(const struct azm_recording *recording, const char *path, const struct azm_player_result *result)
{
    printf("%s: equal: ", base_name(path));
    if (recording->invocations)
        printf("%" PRIu64 " invocations, ", recording->invocations);
    printf("%u connection%s, %" PRIu64 " bytes from the worker, %" PRIu64 " from the host%s\n", result->connections,
           result->connections == 1 ? "" : "s", result->worker_bytes, result->host_bytes,
           result->patched ? ", but for the port in HttpUri" : "");
    fflush(stdout);
}

/* With its HTTP leg, when that lies beside it. */
static enum azm_status load(const char *path, struct azm_arena *arena, struct azm_recording *out, struct azm_error *err)
{
    struct azm_recording http, grpc;
    enum azm_status st = azm_recording_load(path, arena, &grpc, err);
    *out = grpc;
    if (st != AZM_OK || !grpc.pair.len || azm_slice_find(grpc.pair, '/') < grpc.pair.len)
        return st;
    const char *pair = azm_arena_printf(arena, "%.*s%.*s", (int)(base_name(path) - path), path, AZM_FMT(grpc.pair));
    st = azm_recording_load(pair, arena, &http, err);
    return st == AZM_OK ? azm_recording_join(&grpc, &http, arena, out, err) : st == AZM_NOT_FOUND ? AZM_OK : st;
}

static bool play(const struct replay *replay, const char *path)
{
    struct azm_arena arena;
    struct azm_recording recording;
    struct azm_player_options options = replay->player;
    struct azm_player_result result;
    struct azm_error err;
    const char **variables;
    azm_arena_init(&arena, 0);
    enum azm_status st = environment(replay, path, &arena, &variables, &err);
    if (st == AZM_OK)
        st = load(path, &arena, &recording, &err);
    if (st != AZM_OK) {
        fprintf(stderr, "azimuth replay: %s\n", err.text);
    } else {
        options.env = variables;
        st = azm_player_run(&recording, &options, &result, &err);
        if (st == AZM_OK)
            tell(&recording, path, &result);
        else if (st == AZM_BAD_INPUT || st == AZM_TIMEOUT)
            printf("%s: different: %s\n", base_name(path), err.text);
        else
            fprintf(stderr, "azimuth replay: %s: %s\n", base_name(path), err.text);
    }
    fflush(stdout);
    azm_arena_dispose(&arena);
    return st == AZM_OK;
}

static bool number(const char *name, const char *text, double least, double most, double *out)
{
    char *end;
    errno = 0;
    double value = text ? strtod(text, &end) : *out;
    if (!text || (end != text && *end == 0 && errno == 0 && value >= least && value <= most)) {
        *out = value;
        return true;
    }
    fprintf(stderr, "azimuth replay: %s %s: expected a number from %.0f to %.0f\n", name, text, least, most);
    return false;
}

struct texts {
    const char *speed, *cut, *seed, *timeout;
};

static bool read_numbers(const struct texts *texts, struct azm_player_options *options)
{
    double speed = 0, cut = 0, seed = 1, timeout_s = 20;
    bool random = texts->cut && strcmp(texts->cut, "random") == 0;
    if (!number("--speed", texts->speed, 0, 1e6, &speed) || !number("--seed", texts->seed, 0, 1e15, &seed) ||
        !number("--timeout", texts->timeout, 0.001, 86400, &timeout_s) ||
        !number("--cut", random ? NULL : texts->cut, 1, 1, &cut))
        return false;
    options->speed = speed;
    options->cut_max = random ? 5000 : (uint32_t)cut;
    options->seed = (uint64_t)seed;
    options->timeout_ms = (uint32_t)(timeout_s * 1000);
    return true;
}

static bool find_programs(const char *tap, struct replay *replay, char own[AZM_PATH_MAX], char beside[AZM_PATH_MAX])
{
    struct azm_error err;
    enum azm_status st = azm_program_path(own, &err);
    if (st == AZM_OK && !tap)
        st = azm_program_beside("azimuth-tap", beside, &err);
    if (st != AZM_OK)
        fprintf(stderr, "azimuth replay: %s\n", err.text);
    replay->player.program = own;
    replay->player.tap = tap ? tap : beside;
    return st == AZM_OK;
}

static bool variables_are_good(const struct azm_option_list *variables)
{
    for (size_t i = 0; i < variables->count; i++)
        if (!strchr(variables->items[i] + (*variables->items[i] == '='), '=')) {
            fprintf(stderr, "azimuth replay: --env %s: expected NAME=VALUE\n", variables->items[i]);
            return false;
        }
    return true;
}

int azm_cmd_replay(int argc, char **argv)
{
    const char *tap = NULL, *as_worker = NULL;
    char own[AZM_PATH_MAX], beside[AZM_PATH_MAX];
    struct texts texts = {NULL, NULL, NULL, NULL};
    struct azm_option_list variables = {.count = 0};
    struct replay replay = {.variables = &variables};
    const struct azm_option options[] = {
        {"--speed", "N", "1: as it was; 10: ten times as fast; 0, the default: no waiting", .text = &texts.speed},
        {"--cut", "1|random", "cut what is sent into single bytes, or at random", .text = &texts.cut},
        {"--seed", "N", "of the random cuts", .text = &texts.seed},
        {"--env", "NAME=VALUE", "for the tap's environment; may be repeated", .list = &variables},
        {"--environments", "FILE", "a table of such variables, by recording", .text = &replay.environments},
        {"--tap", "PATH", "another tap than the one beside this program", .text = &tap},
        {"--timeout", "SECONDS", "how long anything may take to arrive (20)", .text = &texts.timeout},
        {"--as-worker", "HOST:PORT", NULL, .text = &as_worker},
    };
    const struct azm_usage usage = {"azimuth replay FILE... [OPTIONS]",
                                    "Plays host and worker of recordings against a real tap, and checks that what\n"
                                    "entered on one side left on the other.",
                                    options, AZM_COUNT(options), false};
    int rest = azm_options_parse(&usage, argc, argv);
    if (rest < 0)
        return rest == AZM_OPTIONS_HELP ? 0 : 2;
    if (as_worker)
        return be_worker(as_worker, argv + 1);
    if (rest == 0)
        fprintf(stderr, "azimuth replay: no recording was named\nusage: %s\n", usage.line);
    if (rest == 0 || !read_numbers(&texts, &replay.player) || !variables_are_good(&variables))
        return 2;
    if (!find_programs(tap, &replay, own, beside))
        return 1;
    int failures = 0;
    for (int i = 1; i <= rest; i++)
        failures += !play(&replay, argv[i]);
    return failures ? 1 : 0;
}
