#include "tap/channel.h"

#include <stdio.h>

#include "base/time.h"
#include "os/clock.h"
#include "os/file.h"
#include "os/map.h"
#include "os/detach.h"
#include "os/run_dir.h"
#include "os/self.h"
#include "ring/name.h"

#define STALE_US     2000000 /* a heartbeat older than this: nobody looks after the ring */
#define FIRST_WAIT_S 2u      /* between attempts to start an agent, doubled up to */
#define MAX_WAIT_S   64u
#define LOG_MAX      (1u << 20)

void azm_channel_init(struct azm_channel *channel, const char *program)
{
    memset(channel, 0, offsetof(struct azm_channel, record));
    azm_slice path = azm_slice_str(program);
    size_t folder = azm_slice_rfind(path, '/');
    if (folder < path.len)
        snprintf(channel->agent_path, sizeof channel->agent_path, "%.*s/azimuth", (int)folder, path.ptr);
}

/* --- the ring's file --- */

static enum azm_status make_ring(struct azm_channel *channel, struct azm_error *err)
{
    uint32_t pid = azm_self_pid();
    uint64_t start = 0;
    char name[AZM_RING_NAME_MAX];
    enum azm_status st = azm_process_start_time(pid, &start, err);
    if (st != AZM_OK)
        return st;
    azm_ring_name(name, pid, start);
    snprintf(channel->ring_path, sizeof channel->ring_path, "%s/%s", channel->run_dir, name);
    channel->map = azm_map_create(channel->ring_path, AZM_RING_SIZE, err);
    if (!channel->map)
        return err->status;
    void *memory = azm_map_memory(channel->map);
    st = azm_ring_format(memory, AZM_RING_SIZE, pid, start, azm_clock_wall_us());
    return st == AZM_OK ? azm_ring_writer_init(&channel->writer, memory, AZM_RING_SIZE) : st;
}

static bool append_to_log(const char *folder, azm_slice line)
{
    char path[AZM_RUN_DIR_MAX + 16], older[AZM_RUN_DIR_MAX + 16];
    struct azm_file_info log;
    snprintf(path, sizeof path, "%s/agent.log", folder);
    snprintf(older, sizeof older, "%s/agent.log.1", folder);
    /* An agent at work never lets it grow so long: then only taps write here, and the newest lines count. */
    if (azm_file_info(path, &log, NULL) == AZM_OK && log.size > LOG_MAX)
        (void)!azm_file_rename(path, older, NULL);
    return azm_file_append(path, line, 0600, NULL) == AZM_OK;
}

/* Why nothing will be seen, in the agent's log: the run folder's, or, when that folder is at fault, that of the folder
 * which would be the run folder if nobody had named another. */
static void tell_failure(const struct azm_error *err, const struct azm_env *env)
{
    static const char *const no_variables[] = {NULL};
    struct azm_env nothing = azm_env_of(no_variables);
    char line[768], when[AZM_TIME_TEXT], folder[AZM_RUN_DIR_MAX];
    azm_time_format(azm_clock_wall_us(), when);
    int n = snprintf(line, sizeof line, "%s error tap: doctor: the worker of process %u is not seen: %s\n", when,
                     azm_self_pid(), err->text);
    azm_slice text = {line, n < (int)sizeof line ? (size_t)n : sizeof line - 1};
    if (azm_run_dir(env, folder, NULL) == AZM_OK && append_to_log(folder, text))
        return;
    if (azm_run_dir(&nothing, folder, NULL) == AZM_OK)
        append_to_log(folder, text);
}

void azm_channel_prepare(struct azm_channel *channel, const struct azm_env *env)
{
    struct azm_error err = {0};
    enum azm_status st = azm_run_dir(env, channel->run_dir, &err);
    if (st == AZM_OK)
        st = make_ring(channel, &err);
    if (st != AZM_OK)
        tell_failure(&err, env);
    channel->beat_us = azm_clock_mono_us();
    atomic_store_explicit(&channel->state, st == AZM_OK ? AZM_CHANNEL_OPEN : AZM_CHANNEL_FAILED, memory_order_release);
}

void azm_channel_dispose(struct azm_channel *channel)
{
    channel->state = AZM_CHANNEL_FAILED;
    azm_map_close(channel->map); /* the lock goes with it: the agent drains the ring and removes the file */
    channel->map = NULL;
}

/* --- records --- */

static struct azm_buf begin(struct azm_channel *channel)
{
    struct azm_buf record;
    azm_buf_init_fixed(&record, channel->record, sizeof channel->record);
    return record;
}

static void put(struct azm_channel *channel, enum azm_record_kind kind, const struct azm_buf *record)
{
    if (record->failed)
        azm_ring_count_drop(&channel->writer, AZM_RING_DROP_TOO_BIG, 1);
    else
        azm_ring_put(&channel->writer, kind, azm_buf_slice(record));
}

void azm_channel_put_source(struct azm_channel *channel, const struct azm_source *source)
{
    struct azm_buf record = begin(channel);
    azm_record_put_source(&record, source);
    put(channel, AZM_RECORD_SOURCE, &record);
}

void azm_channel_put_transaction(struct azm_channel *channel, const struct azm_transaction *transaction)
{
    struct azm_buf record = begin(channel);
    azm_record_put_transaction(&record, transaction);
    put(channel, AZM_RECORD_TRANSACTION, &record);
}

void azm_channel_put_error(struct azm_channel *channel, const struct azm_error_event *error)
{
    struct azm_buf record = begin(channel);
    azm_record_put_error(&record, error);
    put(channel, AZM_RECORD_ERROR, &record);
}

void azm_channel_put_log(struct azm_channel *channel, const struct azm_log_event *log)
{
    struct azm_buf record = begin(channel);
    azm_record_put_log(&record, log);
    put(channel, AZM_RECORD_LOG, &record);
}

void azm_channel_put_record(struct azm_channel *channel, enum azm_record_kind kind, azm_slice record)
{
    azm_ring_put(&channel->writer, kind, record);
}

static void put_line(struct azm_channel *channel, enum azm_record_kind kind, azm_slice line)
{
    struct azm_buf record = begin(channel);
    azm_record_put_note(&record, line);
    put(channel, kind, &record);
}

void azm_channel_put_note(struct azm_channel *channel, azm_slice line)
{
    put_line(channel, AZM_RECORD_NOTE, line);
}

void azm_channel_put_report(struct azm_channel *channel, const struct azm_report *report)
{
    struct azm_buf record = begin(channel);
    azm_record_put_report(&record, report);
    put(channel, AZM_RECORD_REPORT, &record);
}

void azm_channel_put_info(struct azm_channel *channel, azm_slice line)
{
    put_line(channel, AZM_RECORD_INFO, line);
}

void azm_channel_count(struct azm_channel *channel, enum azm_ring_drop reason, uint64_t n)
{
    azm_ring_count_drop(&channel->writer, reason, n);
}

/* --- the agent --- */

bool azm_channel_wants_agent(struct azm_channel *channel, int64_t now_us)
{
    uint64_t beat = azm_ring_control(&channel->writer).heartbeat;
    if (beat != channel->last_beat) {
        channel->last_beat = beat;
        channel->beat_us = now_us;
        channel->asked = 0;
        return false;
    }
    if (channel->asked_us == 0) {
        channel->asked_us = now_us;
        channel->asked = 1;
        return true;
    }
    unsigned doublings = channel->asked < 6 ? channel->asked : 6;
    uint64_t wait_s = (uint64_t)FIRST_WAIT_S << (doublings ? doublings - 1 : 0);
    if (wait_s > MAX_WAIT_S)
        wait_s = MAX_WAIT_S;
    if (now_us - channel->beat_us < STALE_US || now_us - channel->asked_us < (int64_t)wait_s * 1000000)
        return false;
    channel->asked_us = now_us;
    channel->asked++;
    return true;
}

void azm_channel_start_agent(struct azm_channel *channel)
{
    const char *const argv[] = {channel->agent_path, "agent", "--daemon", "--run-dir", channel->run_dir, NULL};
    if (channel->agent_path[0])
        azm_detach(channel->agent_path, argv, NULL);
}
