#include "program/doctor_text.h"

#include <inttypes.h>

enum { LINE_MAX = 2000 };

static azm_slice text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return json_is_string(value) ? azm_slice_of(json_string_value(value), json_string_length(value)) : AZM_S("");
}

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

/* printf of what may hold foreign text; every line goes through here. */
static void add_line(const struct azm_terminal *terminal, struct azm_buf *out, const char *fmt, ...) AZM_PRINTF(3, 4);
static void add_line(const struct azm_terminal *terminal, struct azm_buf *out, const char *fmt, ...)
{
    struct azm_buf line;
    va_list args;
    azm_buf_init(&line, 1u << 16);
    va_start(args, fmt);
    azm_buf_addv(&line, fmt, args);
    va_end(args);
    azm_terminal_add(terminal, out, azm_buf_slice(&line), 0, LINE_MAX);
    azm_buf_add_byte(out, '\n');
    azm_buf_dispose(&line);
}

static enum azm_color color_of(azm_slice level)
{
    return azm_slice_eq(level, AZM_S("error")) ? AZM_RED : azm_slice_eq(level, AZM_S("info")) ? AZM_FAINT : AZM_CYAN;
}

static void add_problems(const struct azm_terminal *terminal, struct azm_buf *out, const json_t *object)
{
    size_t i;
    json_t *problem;
    json_array_foreach(json_object_get(object, "problems"), i, problem)
    {
        azm_slice level = text(problem, "level"), mend = text(problem, "mend");
        azm_terminal_color(terminal, out, color_of(level));
        add_line(terminal, out, "  %.*s: %.*s", AZM_FMT(level), AZM_FMT(text(problem, "text")));
        azm_terminal_color(terminal, out, AZM_PLAIN);
        if (mend.len)
            add_line(terminal, out, "    -> %.*s", AZM_FMT(mend));
    }
}

/* Seconds are enough for people. */
static azm_slice when(const json_t *object, const char *key)
{
    return azm_slice_take(text(object, key), sizeof "2026-11-23T08:12:57" - 1);
}

static void add_writer(const struct azm_terminal *terminal, struct azm_buf *out, const json_t *process)
{
    const json_t *runtime = json_object_get(process, "runtime"), *tap = json_object_get(process, "tap");
    struct azm_buf line;
    azm_buf_init(&line, 4096);
    if (text(tap, "version").len)
        azm_buf_addf(&line, "seen by azimuth-tap %.*s since %.*s", AZM_FMT(text(tap, "version")),
                     AZM_FMT(when(process, "created")));
    else
        azm_buf_addf(&line, "seen since %.*s", AZM_FMT(when(process, "created")));
    if (text(runtime, "name").len)
        azm_buf_addf(&line, "; %.*s %.*s", AZM_FMT(text(runtime, "name")), AZM_FMT(text(runtime, "version")));
    if (number(process, "worker_pid"))
        azm_buf_addf(&line, ", worker process %" PRId64, number(process, "worker_pid"));
    if (json_object_get(process, "functions"))
        azm_buf_addf(&line, ", %" PRId64 " functions", number(process, "functions"));
    add_line(terminal, out, "  %.*s", AZM_FMT(azm_buf_slice(&line)));
    azm_buf_dispose(&line);
}

static int64_t sum(const json_t *numbers)
{
    const char *name;
    json_t *value;
    int64_t total = 0;
    json_object_foreach((json_t *)numbers, name, value) total += json_integer_value(value);
    return total;
}

static void add_counts(const struct azm_terminal *terminal, struct azm_buf *out, const json_t *process)
{
    const json_t *ring = json_object_get(process, "ring"), *waiting = json_object_get(process, "waiting");
    int64_t bytes = number(ring, "bytes");
    add_line(terminal, out,
             "  %" PRId64 " events, %" PRId64 " delivered, %" PRId64 " wait in the ring, %" PRId64
             " in the spool, %" PRId64 " dropped; ring %" PRId64 " %% full",
             number(process, "events"), number(process, "delivered"), number(waiting, "in_ring"),
             number(waiting, "in_spool"), sum(json_object_get(process, "dropped")),
             bytes ? number(ring, "used_bytes") * 100 / bytes : 0);
    if (number(process, "left_spool"))
        add_line(terminal, out,
                 "  %" PRId64 " of them were in the spool when the process ended, and have left it since",
                 number(process, "left_spool"));
}

static void add_destination(const struct azm_terminal *terminal, struct azm_buf *out, const json_t *destination,
                            bool left_spool)
{
    azm_slice delivered = when(destination, "last_delivery");
    if (!destination)
        return;
    if (!delivered.len && left_spool)
        add_line(terminal, out, "  to %.*s", AZM_FMT(text(destination, "url")));
    else if (!delivered.len)
        add_line(terminal, out, "  to %.*s: nothing delivered yet", AZM_FMT(text(destination, "url")));
    else if (number(destination, "last_delivery_answer"))
        add_line(terminal, out, "  to %.*s: answered %" PRId64 " at %.*s", AZM_FMT(text(destination, "url")),
                 number(destination, "last_delivery_answer"), AZM_FMT(delivered));
    else
        add_line(terminal, out, "  to %.*s: written at %.*s", AZM_FMT(text(destination, "url")), AZM_FMT(delivered));
}

/* Most apps have no logs to send. */
static void add_destinations(const struct azm_terminal *terminal, struct azm_buf *out, const json_t *process)
{
    const json_t *logs = json_object_get(process, "logs_destination");
    add_destination(terminal, out, json_object_get(process, "destination"), number(process, "left_spool") > 0);
    if (when(logs, "last_delivery").len)
        add_destination(terminal, out, logs, number(process, "left_spool") > 0);
}

static void add_process(const struct azm_terminal *terminal, struct azm_buf *out, const json_t *process)
{
    azm_slice service = text(process, "service"), instance = text(process, "instance");
    bool alive = json_is_true(json_object_get(process, "alive"));
    azm_buf_add_byte(out, '\n');
    add_line(terminal, out, "%.*s%s%.*s%s, process %" PRId64 "%s",
             AZM_FMT(service.len ? service : AZM_S("an app without a name yet")), instance.len ? " (" : "",
             AZM_FMT(instance), instance.len ? ")" : "", number(process, "pid"), alive ? "" : ", ended");
    add_writer(terminal, out, process);
    add_counts(terminal, out, process);
    add_destinations(terminal, out, process);
    add_problems(terminal, out, process);
}

static void add_app(const struct azm_terminal *terminal, struct azm_buf *out, const json_t *app)
{
    size_t i;
    json_t *name;
    if (!app)
        return;
    azm_buf_add_byte(out, '\n');
    add_line(terminal, out, "The app in %.*s, language %.*s", AZM_FMT(text(app, "folder")),
             AZM_FMT(text(app, "language").len ? text(app, "language") : AZM_S("not known")));
    add_line(terminal, out, "  azimuth run -- func start would set, for that command alone:");
    json_array_foreach(json_object_get(app, "settings"), i, name)
    {
        add_line(terminal, out, "    %s", json_string_value(name));
    }
    add_problems(terminal, out, app);
}

static void add_agent(const struct azm_terminal *terminal, struct azm_buf *out, const json_t *agent)
{
    if (!json_is_true(json_object_get(agent, "running")))
        add_line(terminal, out, "agent: none runs (it is started after the first invocation)");
    else if (number(agent, "pid"))
        add_line(terminal, out, "agent: version %.*s, process %" PRId64, AZM_FMT(text(agent, "version")),
                 number(agent, "pid"));
    else
        add_line(terminal, out, "agent: version %.*s", AZM_FMT(text(agent, "version")));
}

void azm_doctor_text(const struct azm_terminal *terminal, const json_t *report, struct azm_buf *out)
{
    size_t i;
    json_t *process;
    azm_slice verdict = text(report, "verdict");
    add_line(terminal, out, "azimuth %.*s, run folder %.*s", AZM_FMT(text(report, "version")),
             AZM_FMT(text(report, "run_dir")));
    add_agent(terminal, out, json_object_get(report, "agent"));
    add_problems(terminal, out, report);
    json_array_foreach(json_object_get(report, "processes"), i, process)
    {
        add_process(terminal, out, process);
    }
    add_app(terminal, out, json_object_get(report, "app"));
    azm_buf_add_byte(out, '\n');
    if (azm_slice_eq(verdict, AZM_S("well")))
        add_line(terminal, out, "All is well.");
    else if (azm_slice_eq(verdict, AZM_S("nothing")))
        add_line(terminal, out, "No process is seen here.");
    else
        add_line(terminal, out, "There are problems.");
}
