#include "tap/shared_functions.h"

#include <stdio.h>
#include <stdlib.h>

#include "json/read.h"
#include "json/write.h"
#include "os/file.h"
#include "os/run_dir.h"
#include "os/self.h"

/* In the text: name, trigger, name, trigger ..., each a length and its bytes. */
static void add_text(struct azm_buf *out, azm_slice text)
{
    uint32_t len = (uint32_t)text.len;
    azm_buf_add(out, azm_slice_of(&len, sizeof len));
    azm_buf_add(out, text);
}

static azm_slice take_text(azm_slice *rest)
{
    uint32_t len;
    memcpy(&len, rest->ptr, sizeof len);
    azm_slice text = azm_slice_take(azm_slice_drop(*rest, sizeof len), len);
    *rest = azm_slice_drop(*rest, sizeof len + len);
    return text;
}

void azm_shared_functions_init(struct azm_shared_functions *shared)
{
    azm_buf_init(&shared->text, AZM_SHARED_FUNCTIONS_MAX);
}

void azm_shared_functions_dispose(struct azm_shared_functions *shared)
{
    azm_buf_dispose(&shared->text);
}

void azm_shared_functions_add(struct azm_shared_functions *shared, azm_slice name, azm_slice raw_trigger)
{
    if (!name.len || !raw_trigger.len)
        return;
    add_text(&shared->text, name);
    add_text(&shared->text, raw_trigger);
}

bool azm_shared_functions_name(char out[AZM_HOST_FILE_NAME_MAX])
{
    uint32_t host = azm_self_parent_pid();
    uint64_t start = 0;
    if (azm_process_start_time(host, &start, NULL) != AZM_OK)
        return false;
    azm_host_file_name(AZM_HOST_FILE_FUNCTIONS, host, start, out);
    return true;
}

/* --- the errand's side --- */

struct job {
    const struct azm_channel *channel;
    struct azm_buf text;
};

/* A binding that is no JSON is left out: it would spoil the file. */
static void write_function(struct azm_json_writer *json, azm_slice name, azm_slice raw_trigger)
{
    json_t *trigger = NULL;
    if (azm_json_parse(raw_trigger, "binding", &trigger, NULL) != AZM_OK)
        return;
    azm_json_open_object(json);
    azm_json_string(azm_json_key(json, AZM_S("name")), name);
    azm_json_open_array(azm_json_key(json, AZM_S("bindings")));
    azm_json_raw(json, raw_trigger);
    azm_json_close_array(json);
    azm_json_close_object(json);
    json_decref(trigger);
}

static void write_file(const struct job *job)
{
    char name[AZM_HOST_FILE_NAME_MAX], path[AZM_RUN_DIR_MAX + AZM_HOST_FILE_NAME_MAX];
    struct azm_buf out;
    azm_slice rest = azm_buf_slice(&job->text);
    if (job->channel->state != AZM_CHANNEL_OPEN || !azm_shared_functions_name(name))
        return;
    azm_buf_init(&out, 2 * AZM_SHARED_FUNCTIONS_MAX);
    struct azm_json_writer json = azm_json_writer(&out);
    azm_json_open_array(&json);
    while (rest.len) {
        azm_slice function = take_text(&rest);
        write_function(&json, function, take_text(&rest));
    }
    azm_json_close_array(&json);
    snprintf(path, sizeof path, "%s/%s", job->channel->run_dir, name);
    if (!out.failed)
        (void)!azm_file_put(path, azm_buf_slice(&out), 0600, NULL); /* without it names are plainer, no more */
    azm_buf_dispose(&out);
}

static void run(void *self)
{
    struct job *job = self;
    write_file(job);
    azm_buf_dispose(&job->text);
    free(job);
}

void azm_shared_functions_post(struct azm_shared_functions *shared, struct azm_errands *errands,
                               const struct azm_channel *channel)
{
    struct job *job = shared->text.len && !shared->text.failed ? malloc(sizeof *job) : NULL;
    if (job) {
        *job = (struct job){channel, shared->text};
        azm_shared_functions_init(shared);
        if (errands && azm_errands_post(errands, run, job))
            return;
        azm_buf_dispose(&job->text);
        free(job);
    }
    azm_shared_functions_dispose(shared);
    azm_shared_functions_init(shared);
}
