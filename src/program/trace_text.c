#include "program/trace_text.h"

#include "program/trace_tree.h"

#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TIME = 14, DURATION = 9, OUTCOME = 7, RESULT = 12, SERVICE = 20, ID = 8, UNLIMITED = 100000 };

static azm_slice text(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);
    return value ? azm_slice_of(json_string_value(value), json_string_length(value)) : AZM_S("");
}

static int64_t number(const json_t *object, const char *key)
{
    return json_integer_value(json_object_get(object, key));
}

static azm_slice duration_text(const struct azm_terminal *terminal, int64_t us, char *out, size_t size)
{
    const char *micro = terminal->utf8 ? "\xc2\xb5s" : "us";
    double ms = (double)us / 1000;
    int n = us < 1000       ? snprintf(out, size, "%" PRId64 " %s", us, micro)
            : us < 10000    ? snprintf(out, size, "%.2f ms", ms)
            : us < 1000000  ? snprintf(out, size, "%.1f ms", ms)
            : us < 60000000 ? snprintf(out, size, "%.2f s", ms / 1000)
                            : snprintf(out, size, "%" PRId64 "m %02ds", us / 60000000, (int)(us % 60000000 / 1000000));
    return azm_slice_of(out, n > 0 && (size_t)n < size ? (size_t)n : 0);
}

static azm_slice time_text(int64_t us, bool with_year, char *out, size_t size)
{
    time_t seconds = (time_t)(us / 1000000);
    const struct tm *local = localtime(&seconds); /* one thread here */
    if (!local)
        return AZM_S("");
    return azm_slice_of(out, with_year ? strftime(out, size, "%Y-%m-%d %H:%M:%S", local)
                                       : strftime(out, size, "%m-%d %H:%M:%S", local));
}

static void add(const struct azm_terminal *terminal, struct azm_buf *out, azm_slice value, unsigned width)
{
    azm_terminal_add(terminal, out, value, width, width);
    azm_buf_add(out, AZM_S("  "));
}

static void add_right(const struct azm_terminal *terminal, struct azm_buf *out, azm_slice value, unsigned width)
{
    struct azm_buf cell;
    char storage[64];
    azm_buf_init_fixed(&cell, storage, sizeof storage);
    for (unsigned used = azm_terminal_add(terminal, &cell, value, 0, width); used < width; used++)
        azm_buf_add_byte(out, ' ');
    azm_buf_add(out, azm_buf_slice(&cell));
}

static void add_outcome(const struct azm_terminal *terminal, struct azm_buf *out, azm_slice outcome)
{
    bool failed = azm_slice_eq(outcome, AZM_S("failure")), good = azm_slice_eq(outcome, AZM_S("success"));
    azm_terminal_color(terminal, out, failed ? AZM_RED : good ? AZM_GREEN : AZM_FAINT);
    add(terminal, out, outcome.len ? outcome : AZM_S("-"), OUTCOME);
    azm_terminal_color(terminal, out, AZM_PLAIN);
}

static void add_cold(const struct azm_terminal *terminal, struct azm_buf *out, const json_t *row)
{
    if (!json_is_true(json_object_get(row, "coldstart")))
        return;
    azm_terminal_color(terminal, out, AZM_CYAN);
    azm_buf_add(out, AZM_S("  [cold start]"));
    azm_terminal_color(terminal, out, AZM_PLAIN);
}

void azm_trace_text_head(const struct azm_terminal *terminal, struct azm_buf *out)
{
    azm_terminal_color(terminal, out, AZM_FAINT);
    add(terminal, out, AZM_S("TIME"), TIME);
    add_right(terminal, out, AZM_S("DURATION"), DURATION);
    azm_buf_add(out, AZM_S("  "));
    add(terminal, out, AZM_S("OUTCOME"), OUTCOME);
    add(terminal, out, AZM_S("RESULT"), RESULT);
    add(terminal, out, AZM_S("SERVICE"), SERVICE);
    add(terminal, out, AZM_S("TRACE"), ID);
    azm_buf_add(out, AZM_S("NAME"));
    azm_terminal_color(terminal, out, AZM_PLAIN);
    azm_buf_add_byte(out, '\n');
}

static unsigned name_columns(const struct azm_terminal *terminal, const json_t *row)
{
    const unsigned before = TIME + DURATION + OUTCOME + RESULT + SERVICE + ID + 12;
    unsigned cold = json_is_true(json_object_get(row, "coldstart")) ? 14 : 0;
    return terminal->columns > before + cold + 20 ? terminal->columns - before - cold : UNLIMITED;
}

void azm_trace_text_row(const struct azm_terminal *terminal, const json_t *trace, struct azm_buf *out)
{
    char time[32], duration[32];
    bool known = json_object_get(trace, "duration_us") != NULL;
    azm_slice name = text(trace, "name");
    add(terminal, out, time_text(number(trace, "start_us"), false, time, sizeof time), TIME);
    add_right(terminal, out,
              known ? duration_text(terminal, number(trace, "duration_us"), duration, sizeof duration) : AZM_S("-"),
              DURATION);
    azm_buf_add(out, AZM_S("  "));
    add_outcome(terminal, out, text(trace, "outcome"));
    add(terminal, out, text(trace, "result"), RESULT);
    add(terminal, out, text(trace, "service"), SERVICE);
    add(terminal, out, azm_slice_take(text(trace, "trace_id"), ID), ID);
    if (name.len == 0)
        name = known ? AZM_S("(no name)") : AZM_S("(its transaction has not come yet)");
    azm_terminal_add(terminal, out, name, 0, name_columns(terminal, trace));
    add_cold(terminal, out, trace);
    azm_buf_add_byte(out, '\n');
}

struct frame { /* of a waterfall */
    const struct azm_terminal *terminal;
    int64_t from_us, total_us;
    unsigned label, lane;
};

static struct frame frame_of(const struct azm_terminal *terminal, const json_t *events)
{
    int64_t from = INT64_MAX, to = INT64_MIN;
    size_t i;
    const json_t *event;
    for (int timed = 1; timed >= 0 && from == INT64_MAX; timed--) /* a trace may hold nothing but logs */
        json_array_foreach(events, i, event)
        {
            int64_t start = number(event, "start_us"), end = start + number(event, "duration_us");
            if (timed && !json_object_get(event, "duration_us"))
                continue;
            from = start < from ? start : from;
            to = end > to ? end : to;
        }
    unsigned label = terminal->columns * 2 / 5;
    return (struct frame){terminal, from, to > from ? to - from : 1, label, terminal->columns - label - DURATION - 4};
}

static unsigned column(const struct frame *frame, int64_t us)
{
    double at = (double)(us - frame->from_us) / (double)frame->total_us * frame->lane;
    return at < 0 ? 0 : at > frame->lane ? frame->lane : (unsigned)at;
}

static void add_bar(const struct frame *frame, struct azm_buf *out, const json_t *event)
{
    bool utf8 = frame->terminal->utf8, failed = azm_slice_eq(text(event, "outcome"), AZM_S("failure"));
    int64_t start = number(event, "start_us");
    unsigned from = column(frame, start), to = column(frame, start + number(event, "duration_us"));
    from = from < frame->lane ? from : frame->lane - 1;
    to = to > from ? to : from + 1;
    azm_terminal_color(frame->terminal, out, failed ? AZM_RED : AZM_CYAN);
    for (unsigned i = 0; i < frame->lane; i++) {
        if (i < from || i >= to)
            azm_buf_add_byte(out, ' ');
        else
            azm_buf_add(out, utf8 ? AZM_S("\xe2\x96\x88") : AZM_S("="));
    }
    azm_terminal_color(frame->terminal, out, AZM_PLAIN);
}

/* Into label: what the event is called; foreign text, made fit by whoever prints it. */
static void name_event(const json_t *event, struct azm_buf *label)
{
    azm_slice kind = text(event, "kind"), name = text(event, "name");
    bool error = azm_slice_eq(kind, AZM_S("error")), log = azm_slice_eq(kind, AZM_S("log"));
    if (log)
        name = text(event, "level");
    if (error || log) {
        azm_buf_add(label, error ? AZM_S("error ") : AZM_S("log "));
        azm_buf_add(label, azm_slice_take(name, 200));
        azm_buf_add(label, name.len ? AZM_S(": ") : AZM_S(""));
        azm_buf_add(label, azm_slice_take(text(event, "message"), 400));
        return;
    }
    azm_buf_add(label, name.len ? azm_slice_take(name, 400) : AZM_S("(no name)"));
    if (azm_slice_eq(kind, AZM_S("transaction"))) {
        azm_buf_add(label, AZM_S("  "));
        azm_buf_add(label, azm_slice_take(text(event, "service"), 200));
    }
}

static void add_point(const struct frame *frame, const json_t *event, azm_slice label, unsigned columns,
                      struct azm_buf *out)
{
    bool error = azm_slice_eq(text(event, "kind"), AZM_S("error"));
    if (error)
        azm_terminal_color(frame->terminal, out, AZM_RED);
    azm_terminal_add(frame->terminal, out, label, 0, columns);
    if (error)
        azm_terminal_color(frame->terminal, out, AZM_PLAIN);
    azm_buf_add_byte(out, '\n');
}

static void add_event(const struct frame *frame, const struct azm_tree_row *row, struct azm_buf *out)
{
    char storage[1024], duration[32];
    struct azm_buf label;
    bool timed = json_object_get(row->event, "duration_us") != NULL;
    unsigned most = frame->label / 2, indent = row->depth * 2 < most ? row->depth * 2 : most;
    azm_buf_init_fixed(&label, storage, sizeof storage);
    name_event(row->event, &label);
    azm_terminal_add(frame->terminal, out, AZM_S(""), indent, indent);
    if (!timed) { /* an error or a log: what it says matters more than where in time it stands */
        add_point(frame, row->event, azm_buf_slice(&label), 4 * frame->terminal->columns, out);
        return;
    }
    add(frame->terminal, out, azm_buf_slice(&label), frame->label - indent);
    add_bar(frame, out, row->event);
    azm_buf_add(out, AZM_S("  "));
    add_right(frame->terminal, out,
              duration_text(frame->terminal, number(row->event, "duration_us"), duration, sizeof duration), DURATION);
    azm_buf_add_byte(out, '\n');
}

static void add_head(const struct azm_terminal *terminal, const json_t *trace, struct azm_buf *out)
{
    char time[32], duration[32];
    azm_slice id = text(trace, "trace_id"), name = text(trace, "name");
    azm_terminal_add(terminal, out, name.len ? name : id, 0, UNLIMITED);
    add_cold(terminal, out, trace);
    azm_buf_add_byte(out, '\n');
    azm_buf_add(out, time_text(number(trace, "start_us"), true, time, sizeof time));
    azm_buf_add(out, AZM_S("  "));
    if (json_object_get(trace, "duration_us")) {
        azm_terminal_add(terminal, out,
                         duration_text(terminal, number(trace, "duration_us"), duration, sizeof duration), 0,
                         UNLIMITED);
        azm_buf_add(out, AZM_S("  "));
        add_outcome(terminal, out, text(trace, "outcome"));
        azm_terminal_add(terminal, out, text(trace, "result"), 0, 40);
        azm_buf_add(out, AZM_S("  "));
    }
    azm_buf_add(out, AZM_S("trace "));
    azm_terminal_add(terminal, out, id, 0, UNLIMITED);
    azm_buf_add(out, AZM_S("\n\n"));
}

void azm_trace_text_waterfall(const struct azm_terminal *terminal, const json_t *answer, struct azm_buf *out)
{
    const json_t *events = json_object_get(answer, "events");
    struct azm_tree_row *rows = azm_trace_tree(events);
    const struct frame frame = frame_of(terminal, events);
    add_head(terminal, json_object_get(answer, "trace"), out);
    for (size_t i = 0; rows && i < json_array_size(events); i++)
        add_event(&frame, &rows[i], out);
    free(rows);
}
