#include "doctor/processes.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "agent/problems.h"
#include "agent/status.h"
#include "doctor/finding.h"
#include "doctor/peek.h"
#include "json/read.h"
#include "os/file.h"
#include "ring/name.h"

#define STATUS_MAX (1u << 20)
#define RINGS_MAX  1000u /* looked at; nobody has so many */

struct search {
    const struct azm_doctor_folder *folder;
    json_t *list;
    size_t rings;
};

/* --- status files --- */

static bool add_status(void *self, azm_slice name)
{
    struct search *search = self;
    char path[900];
    struct azm_buf text;
    json_t *status = NULL;
    if (!azm_slice_ends(name, AZM_S(".json")))
        return true;
    snprintf(path, sizeof path, "%s/status/%.*s", search->folder->run_dir, AZM_FMT(azm_slice_take(name, 255)));
    azm_buf_init(&text, STATUS_MAX);
    if (azm_file_read(path, &text, NULL) == AZM_OK &&
        azm_json_parse(azm_buf_slice(&text), path, &status, NULL) == AZM_OK && json_is_object(status) &&
        azm_json_get_int(status, "schema", 0) == AZM_STATUS_SCHEMA) {
        json_object_set_new(status, "alive", json_false());
        json_array_append(search->list, status);
    }
    json_decref(status);
    azm_buf_dispose(&text);
    return true;
}

/* --- rings --- */

static json_t *find_ring(const json_t *list, azm_slice name)
{
    size_t i;
    json_t *process;
    json_array_foreach(list, i, process)
    {
        if (azm_slice_eq(azm_json_slice(azm_json_at(process, "ring.file")), name))
            return process;
    }
    return NULL;
}

/* What the ring knows better than a file of two seconds ago, or of an agent that has ended. */
static void refresh(json_t *process, json_t *seen)
{
    static const char *const ours[] = {"ring", "blind", "functions", "worker_pid", "tap"};
    static const char *const counts[] = {"ring_full", "too_big", "pool_full", "blind", "malformed"};
    json_t *dropped = json_object_get(process, "dropped"), *now = json_object_get(seen, "dropped"), *problem;
    size_t i;
    for (i = 0; i < AZM_COUNT(ours); i++)
        if ((i == 0 || !json_object_get(process, ours[i])) && json_object_get(seen, ours[i]))
            json_object_set(process, ours[i], json_object_get(seen, ours[i]));
    for (i = 0; i < AZM_COUNT(counts); i++)
        if (json_object_get(now, counts[i]))
            json_object_set(dropped, counts[i], json_object_get(now, counts[i]));
    json_array_foreach(json_object_get(seen, "problems"), i, problem)
    {
        if (azm_finding_has(process, json_string_value(json_object_get(problem, "code"))))
            continue;
        if (!json_object_get(process, "problems"))
            json_object_set_new(process, "problems", json_array());
        json_array_append(json_object_get(process, "problems"), problem);
    }
}

static void judge_ring(const struct search *search, json_t *process, const struct azm_peek *peek)
{
    char mend[640];
    int64_t used = azm_json_get_int(json_object_get(process, "ring"), "used_bytes", 0);
    int64_t room = azm_json_get_int(json_object_get(process, "ring"), "bytes", 1);
    snprintf(mend, sizeof mend, "azimuth agent --run-dir %.250s", search->folder->run_dir);
    if (!search->folder->agent_runs && peek->waiting && peek->alive)
        azm_finding(process, "no_agent", AZM_PROBLEM_ERROR,
                    "let the executable azimuth, of the same version, lie beside azimuth-tap; azimuth agent started by "
                    "hand says what hinders it",
                    "%" PRIu64 " events wait in the ring and no agent runs", peek->waiting);
    else if (!search->folder->agent_runs && peek->waiting)
        azm_finding(process, "stale_ring", AZM_PROBLEM_WARNING, mend,
                    "the process has ended, and %" PRIu64 " of its events wait in %s", peek->waiting,
                    json_string_value(azm_json_at(process, "ring.file")));
    if (used > room / 10 * 8)
        azm_finding(process, "ring_nearly_full", AZM_PROBLEM_WARNING,
                    "see to the agent and to the server, if either has a problem here",
                    "the ring is full by %d %%: events that find no room are dropped", (int)(used * 100 / room));
    if (peek->alive && !peek->has_source && !peek->waiting && !json_object_get(process, "blind"))
        azm_finding(process, "waiting", AZM_PROBLEM_INFO, "call a function", "no invocation has come yet");
}

static void judge_version(json_t *process)
{
    azm_slice version = azm_json_slice(azm_json_at(process, "tap.version"));
    if (version.len && !azm_slice_eq(version, AZM_S(AZM_VERSION)) && json_is_true(json_object_get(process, "alive")))
        azm_finding(process, "other_version", AZM_PROBLEM_INFO, "restart the app, and it has this version",
                    "it is seen by azimuth-tap %.*s, and this is %s", AZM_FMT(azm_slice_take(version, 60)),
                    AZM_VERSION);
}

static void add_ring(struct search *search, const char *name)
{
    struct azm_error err = {AZM_OK, ""};
    struct azm_peek peek;
    enum azm_status status = azm_peek(search->folder->run_dir, name, &peek, &err);
    json_t *process = find_ring(search->list, azm_slice_str(name));
    if (status == AZM_MORE || status == AZM_NOT_FOUND)
        return;
    if (status != AZM_OK) {
        azm_finding(search->folder->report, "odd_ring", AZM_PROBLEM_WARNING,
                    status == AZM_UNSUPPORTED ? "use the newer version's azimuth"
                                              : "remove the file, if it is not wanted",
                    "a ring is left alone: %s", err.text);
        return;
    }
    if (process)
        refresh(process, peek.status);
    else
        json_array_append(search->list, process = peek.status);
    json_object_set_new(process, "alive", json_boolean(peek.alive));
    judge_ring(search, process, &peek);
    json_decref(peek.status);
}

static bool on_name(void *self, azm_slice name)
{
    struct search *search = self;
    char text[64];
    uint32_t pid;
    uint64_t start;
    if (azm_ring_name_parse(name, &pid, &start) && azm_slice_copy(name, text, sizeof text) == name.len) {
        add_ring(search, text);
        search->rings++;
    }
    return search->rings < RINGS_MAX;
}

/* --- what came after the end --- */

/* The last word on an ended process is its status at its end; what was in the spool then has left it since. */
static void settle(json_t *process)
{
    json_t *waiting = json_object_get(process, "waiting"), *problems = json_object_get(process, "problems");
    int64_t left = azm_json_get_int(waiting, "in_spool", 0);
    if (left == 0 || !json_object_get(process, "ended") || json_is_true(json_object_get(process, "alive")))
        return;
    json_object_set_new(waiting, "in_spool", json_integer(0));
    json_object_set_new(process, "left_spool", json_integer(left));
    for (size_t i = json_array_size(problems); i-- > 0;) {
        azm_slice text = azm_json_get_slice(json_array_get(problems, i), "text");
        if (azm_slice_search(text, AZM_S(AZM_PROBLEM_KEPT)) < text.len)
            json_array_remove(problems, i);
    }
    if (json_array_size(problems) == 0)
        json_object_del(process, "problems");
}

/* --- order --- */

static int newest_first(const void *a, const void *b)
{
    return azm_slice_compare(azm_json_get_slice(*(json_t *const *)b, "created"),
                             azm_json_get_slice(*(json_t *const *)a, "created"));
}

static json_t *sorted(json_t *list)
{
    size_t count = json_array_size(list);
    json_t **items = calloc(count + 1, sizeof(json_t *)), *out = json_array();
    if (!items)
        abort();
    for (size_t i = 0; i < count; i++)
        items[i] = json_array_get(list, i);
    qsort(items, count, sizeof(json_t *), newest_first);
    for (size_t i = 0; i < count; i++)
        json_array_append(out, items[i]);
    free(items);
    json_decref(list);
    return out;
}

json_t *azm_doctor_processes(const struct azm_doctor_folder *folder)
{
    char path[600];
    struct azm_error err;
    struct search search = {folder, json_array(), 0};
    json_t *process;
    size_t i;
    snprintf(path, sizeof path, "%s/status", folder->run_dir);
    (void)!azm_dir_list(path, add_status, &search, NULL); /* there is none until the first agent */
    if (azm_dir_list(folder->run_dir, on_name, &search, &err) != AZM_OK)
        azm_finding(folder->report, "run_folder", AZM_PROBLEM_ERROR, NULL, "%s", err.text);
    json_array_foreach(search.list, i, process)
    {
        judge_version(process);
        if (folder->spool_empty)
            settle(process);
    }
    return sorted(search.list);
}
