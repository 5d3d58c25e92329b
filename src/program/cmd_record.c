/* azimuth record: write down a conversation between a Functions host and a language worker. */
#include <errno.h>
#include <stdio.h>

#include "program/commands.h"
#include "program/options.h"
#include "recording/recorder.h"

static void say_port(void *self, const char *host, unsigned port)
{
    (void)self;
    printf("azimuth record: listening on %s:%u\n", host, port);
    fflush(stdout);
}

static int fail(enum azm_status st, const struct azm_error *err)
{
    fprintf(stderr, "azimuth record: %s\n", err->text);
    return st == AZM_BAD_USAGE ? 2 : 1;
}

static int record(struct azm_recorder_options *options, const char *path)
{
    struct azm_error err;
    options->out = fopen(path, "wb");
    if (!options->out) {
        fprintf(stderr, "azimuth record: %s: %s\n", path, strerror(errno));
        return 1;
    }
    enum azm_status st = azm_recorder_run(options, &err);
    if (fclose(options->out) != 0 && st == AZM_OK)
        st = azm_fail(&err, AZM_IO, "%s: %s", path, strerror(errno));
    return st == AZM_OK ? 0 : fail(st, &err);
}

int azm_cmd_record(int argc, char **argv)
{
    const char *listen = NULL, *to = NULL, *out = NULL, *meta = NULL;
    const struct azm_option options[] = {
        {"--listen", "HOST:PORT", "where the worker connects; port 0 is any, and printed", .text = &listen},
        {"--to", "HOST:PORT", "where the host listens", .text = &to},
        {"--out", "FILE", "the recording", .text = &out},
        {"--meta", "JSON", "an object that describes it, for its first line", .text = &meta},
    };
    const struct azm_usage usage = {"azimuth record --listen HOST:PORT --to HOST:PORT --out FILE [--meta JSON]",
                                    "Relays connections and writes down every byte, until Ctrl-C.", options,
                                    AZM_COUNT(options), false};
    struct azm_recorder_options recorder = {.listening = say_port};
    struct azm_error err;
    int rest = azm_options_parse(&usage, argc, argv);
    if (rest < 0)
        return rest == AZM_OPTIONS_HELP ? 0 : 2;
    if (rest > 0 || !listen || !to || !out) {
        fprintf(stderr, "azimuth record: --listen, --to and --out are needed, and nothing else\nusage: %s\n",
                usage.line);
        return 2;
    }
    enum azm_status st = azm_endpoint_parse(azm_slice_str(listen), &recorder.listen, &err);
    if (st == AZM_OK)
        st = azm_endpoint_parse(azm_slice_str(to), &recorder.to, &err);
    if (st != AZM_OK)
        return fail(st, &err);
    recorder.meta = azm_slice_str(meta);
    return record(&recorder, out);
}
