#include "doctor/doctor.h"

#include <stdio.h>

#include "agent/handover.h"
#include "base/time.h"
#include "doctor/app.h"
#include "doctor/environment.h"
#include "doctor/finding.h"
#include "doctor/folder.h"
#include "doctor/log.h"
#include "doctor/processes.h"
#include "json/read.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/lock.h"
#include "os/run_dir.h"
#include "os/self.h"

#define LOG_MAX (8u << 20)
#define HOUR_US (INT64_C(3600) * 1000000)

struct doctor {
    const struct azm_doctor_options *options;
    char run_dir[AZM_RUN_DIR_MAX];
    json_t *report, *processes;
    uint32_t agent_pid;           /* the last one that the log names */
    struct azm_log_unseen unseen; /* the last one */
    char why[400];                /* of it */
};

/* --- the agent --- */

static bool agent_runs(const struct doctor *doctor)
{
    char path[600];
    snprintf(path, sizeof path, "%s/agent.lock", doctor->run_dir);
    return azm_lock_is_held(path);
}

static void tell_agent(struct doctor *doctor, bool runs)
{
    char path[600], version[64] = "";
    struct azm_buf text;
    json_t *agent = json_object();
    json_object_set_new(doctor->report, "agent", agent);
    json_object_set_new(agent, "running", json_boolean(runs));
    if (!runs)
        return;
    snprintf(path, sizeof path, "%s/agent.version", doctor->run_dir);
    azm_buf_init(&text, sizeof version - 1);
    if (azm_file_read(path, &text, NULL) == AZM_OK)
        azm_slice_copy(azm_buf_slice(&text), version, sizeof version);
    azm_buf_dispose(&text);
    version[strcspn(version, "\n")] = 0;
    azm_json_set_text(agent, "version", azm_slice_str(version));
    if (doctor->agent_pid)
        json_object_set_new(agent, "pid", json_integer(doctor->agent_pid));
    if (version[0] && azm_version_compare(version, AZM_VERSION) != 0)
        azm_finding(doctor->report, "agent_version", AZM_PROBLEM_WARNING,
                    azm_version_compare(version, AZM_VERSION) < 0
                        ? "azimuth agent, of this version, takes its place; or end the old one"
                        : "use the azimuth that lies beside the newer azimuth-tap",
                    "the agent is of version %s, and this is %s", version, AZM_VERSION);
}

static bool count_batch(void *self, azm_slice name)
{
    unsigned *batches = self;
    *batches += !azm_slice_ends(name, AZM_S(".tmp"));
    return true;
}

static unsigned count_batches(const struct doctor *doctor)
{
    char path[600];
    unsigned batches = 0;
    snprintf(path, sizeof path, "%s/spool", doctor->run_dir);
    (void)!azm_dir_list(path, count_batch, &batches, NULL); /* there is none until something fails */
    return batches;
}

/* What an agent left on disk, and none is there to send. */
static void check_spool(struct doctor *doctor, unsigned batches)
{
    char path[600];
    if (batches == 0)
        return;
    snprintf(path, sizeof path, "azimuth agent --run-dir %s", doctor->run_dir);
    azm_finding(doctor->report, "spool_waits", AZM_PROBLEM_WARNING, path,
                "%u batches of events wait on disk and no agent runs", batches);
}

/* --- the log --- */

/* A line counts for this folder when it stands in its own log, or when it names the folder. */
static void on_line(struct doctor *doctor, azm_slice line, bool own)
{
    struct azm_log_unseen found;
    if (own)
        azm_log_agent_parse(line, &doctor->agent_pid);
    if (!azm_log_unseen_parse(line, &found) || found.when_us < doctor->unseen.when_us)
        return;
    if (!own && azm_slice_search(found.why, azm_slice_str(doctor->run_dir)) == found.why.len)
        return;
    doctor->unseen = found;
    azm_slice_copy(found.why, doctor->why, sizeof doctor->why);
}

static void read_log(struct doctor *doctor, const char *folder, const char *name, bool own)
{
    char path[600];
    struct azm_buf text;
    snprintf(path, sizeof path, "%s/%s", folder, name);
    azm_buf_init(&text, LOG_MAX);
    if (azm_file_read(path, &text, NULL) == AZM_OK) {
        azm_slice rest = azm_buf_slice(&text), line;
        while (azm_slice_split(&rest, '\n', &line))
            on_line(doctor, line, own);
    }
    azm_buf_dispose(&text);
}

/* Its own log, and that of the folder nobody has to name: a writer that cannot use its run folder says so there. */
static void read_logs(struct doctor *doctor)
{
    static const char *const no_variables[] = {NULL};
    struct azm_env nothing = azm_env_of(no_variables);
    char fallback[AZM_RUN_DIR_MAX];
    read_log(doctor, doctor->run_dir, "agent.log.1", true);
    read_log(doctor, doctor->run_dir, "agent.log", true);
    if (azm_run_dir_path(&nothing, fallback, NULL) != AZM_OK || strcmp(fallback, doctor->run_dir) == 0)
        return;
    read_log(doctor, fallback, "agent.log.1", false);
    read_log(doctor, fallback, "agent.log", false);
}

/* Has a process been seen since then? */
static bool seen_since(const struct doctor *doctor, int64_t when_us)
{
    int64_t created_us;
    azm_slice newest = azm_json_get_slice(json_array_get(doctor->processes, 0), "created");
    return azm_time_parse(newest, &created_us) == AZM_OK && created_us > when_us;
}

/* True of a process that lives, for good; and for an hour of the last attempt, as long as no later one went well. */
static void tell_unseen(struct doctor *doctor)
{
    const struct azm_log_unseen *unseen = &doctor->unseen;
    char when[AZM_TIME_TEXT];
    uint64_t start;
    if (!unseen->when_us)
        return;
    bool lives = azm_process_start_time(unseen->pid, &start, NULL) == AZM_OK;
    if (!lives && (azm_clock_wall_us() - unseen->when_us > HOUR_US || seen_since(doctor, unseen->when_us)))
        return;
    azm_time_format(unseen->when_us, when);
    azm_finding(doctor->report, "not_seen", AZM_PROBLEM_ERROR, azm_folder_mend(azm_slice_str(doctor->why)),
                "the worker of process %u, started at %s, is not seen: %s", (unsigned)unseen->pid, when, doctor->why);
}

/* --- all of it --- */

static enum azm_doctor_verdict judge(const struct doctor *doctor)
{
    size_t i;
    json_t *process;
    bool trouble = azm_findings_matter(doctor->report) || azm_findings_matter(json_object_get(doctor->report, "app"));
    json_array_foreach(doctor->processes, i, process)
    {
        /* What is gone, and has left nothing behind, cannot be mended. */
        if (!json_is_true(json_object_get(process, "ended")) || json_is_true(json_object_get(process, "alive")))
            trouble = trouble || azm_findings_matter(process);
    }
    return trouble ? AZM_DOCTOR_PROBLEMS : json_array_size(doctor->processes) ? AZM_DOCTOR_WELL : AZM_DOCTOR_NOTHING;
}

static void examine_folder(struct doctor *doctor)
{
    bool usable = azm_folder_check(doctor->report, doctor->run_dir);
    azm_json_set_text(doctor->report, "run_dir", azm_slice_str(doctor->run_dir));
    read_logs(doctor);
    bool runs = usable && agent_runs(doctor);
    tell_agent(doctor, runs);
    if (usable) {
        unsigned batches = count_batches(doctor);
        const struct azm_doctor_folder folder = {doctor->run_dir, runs, batches == 0, doctor->report};
        if (!runs)
            check_spool(doctor, batches);
        json_decref(doctor->processes);
        doctor->processes = azm_doctor_processes(&folder);
    }
    tell_unseen(doctor);
}

static bool find_folder(struct doctor *doctor)
{
    struct azm_error err;
    const char *wanted = doctor->options->run_dir;
    if (wanted) {
        azm_slice_copy(azm_slice_str(wanted), doctor->run_dir, sizeof doctor->run_dir);
        return true;
    }
    if (azm_run_dir_path(doctor->options->env, doctor->run_dir, &err) == AZM_OK)
        return true;
    azm_finding(doctor->report, "run_folder", AZM_PROBLEM_ERROR, azm_folder_mend(azm_slice_str(err.text)),
                "nothing is seen: %s", err.text);
    return false;
}

json_t *azm_doctor_examine(const struct azm_doctor_options *options, enum azm_doctor_verdict *verdict)
{
    static const char *const verdicts[] = {"well", "problems", "nothing"};
    struct doctor doctor = {.options = options, .report = json_object(), .processes = json_array()};
    json_object_set_new(doctor.report, "schema", json_integer(1));
    json_object_set_new(doctor.report, "version", json_string(AZM_VERSION));
    if (find_folder(&doctor))
        examine_folder(&doctor);
    azm_environment_check(doctor.report, options->env, json_array_size(doctor.processes) > 0);
    json_t *app = options->app_dir ? azm_doctor_app(options->app_dir, options->env) : NULL;
    if (app)
        json_object_set_new(doctor.report, "app", app);
    json_object_set(doctor.report, "processes", doctor.processes);
    *verdict = judge(&doctor);
    json_object_set_new(doctor.report, "verdict", json_string(verdicts[*verdict]));
    json_decref(doctor.processes);
    return doctor.report;
}
