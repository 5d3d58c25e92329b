#include "tap/files.h"

#include <stdio.h>
#include <stdlib.h>

#include "json/read.h"
#include "os/file.h"
#include "os/thread.h"
#include "tap/shared_functions.h"

#define FILE_MAX     (1u << 20)
#define METADATA_MAX (16u << 20)
#define FACTS_MAX    (8u << 20)

struct request {
    struct request *next;
    azm_slice id, directory;
};

struct binding {
    struct binding *next;
    azm_slice id, name, json;
};

/* Everything is guarded by the mutex but `reading`, the folder an errand works on. */
struct azm_files {
    struct azm_mutex mutex;
    struct azm_arena arena; /* requests, results and facts; emptied by azm_files_app */
    unsigned generation;    /* counts azm_files_app, so that an errand notices that its results are stale */
    azm_slice app;
    bool app_wanted, shared_wanted, all_wanted;
    const char *run_dir; /* the errand's */
    unsigned asked;
    struct request *requests;
    struct binding *first, **last;
    struct azm_file_facts facts;
    _Atomic unsigned waiting;
    _Atomic uint32_t version, unreadable;
};

struct azm_files *azm_files_open(const char *run_dir)
{
    struct azm_files *files = calloc(1, sizeof *files);
    if (!files)
        return NULL;
    azm_mutex_init(&files->mutex);
    azm_arena_init(&files->arena, FACTS_MAX);
    files->last = &files->first;
    files->run_dir = run_dir;
    return files;
}

void azm_files_close(struct azm_files *files)
{
    if (!files)
        return;
    azm_arena_dispose(&files->arena);
    azm_mutex_dispose(&files->mutex);
    free(files);
}

void azm_files_app(struct azm_files *files, azm_slice directory)
{
    azm_mutex_lock(&files->mutex);
    azm_arena_dispose(&files->arena);
    files->generation++;
    files->requests = NULL;
    files->first = NULL;
    files->last = &files->first;
    files->facts = (struct azm_file_facts){0};
    atomic_store(&files->unreadable, 0);
    files->app = azm_arena_copy(&files->arena, directory);
    files->app_wanted = files->app.ptr != NULL;
    files->asked = 0;
    files->shared_wanted = files->all_wanted = false;
    files->waiting = files->app_wanted;
    files->version++;
    azm_mutex_unlock(&files->mutex);
}

void azm_files_ask(struct azm_files *files, azm_slice id, azm_slice directory)
{
    azm_mutex_lock(&files->mutex);
    struct request *request = files->asked < AZM_FILES_ASKED_MAX ? azm_arena_new(&files->arena, struct request) : NULL;
    if (request) {
        request->id = azm_arena_copy(&files->arena, id);
        request->directory = azm_arena_copy(&files->arena, directory);
        request->next = files->requests;
        files->requests = request;
        files->asked++;
        files->waiting++;
    }
    azm_mutex_unlock(&files->mutex);
}

void azm_files_ask_shared(struct azm_files *files)
{
    azm_mutex_lock(&files->mutex);
    files->waiting += !files->shared_wanted;
    files->shared_wanted = true;
    azm_mutex_unlock(&files->mutex);
}

void azm_files_ask_all(struct azm_files *files)
{
    azm_mutex_lock(&files->mutex);
    files->waiting += !files->all_wanted;
    files->all_wanted = true;
    azm_mutex_unlock(&files->mutex);
}

bool azm_files_waiting(const struct azm_files *files)
{
    return files->waiting != 0;
}

uint32_t azm_files_version(const struct azm_files *files)
{
    return files->version;
}

uint32_t azm_files_unreadable(const struct azm_files *files)
{
    return atomic_load_explicit(&files->unreadable, memory_order_relaxed);
}

struct azm_file_facts azm_files_facts(struct azm_files *files)
{
    azm_mutex_lock(&files->mutex);
    struct azm_file_facts facts = files->facts;
    azm_mutex_unlock(&files->mutex);
    return facts;
}

void azm_files_take(struct azm_files *files,
                    void (*describe)(void *self, azm_slice id, azm_slice name, azm_slice binding_json), void *self)
{
    azm_mutex_lock(&files->mutex);
    for (struct binding *binding = files->first; binding; binding = binding->next)
        describe(self, binding->id, binding->name, binding->json);
    files->first = NULL;
    files->last = &files->first;
    azm_mutex_unlock(&files->mutex);
}

/* --- the errand's side --- */

/* NULL when there is no such file, or it is no JSON: counted, and the app has its own way of noticing that. */
static json_t *read_json(struct azm_files *files, azm_slice directory, const char *name, size_t max)
{
    char path[1024];
    struct azm_buf text;
    json_t *json = NULL;
    if ((size_t)snprintf(path, sizeof path, "%.*s/%s", AZM_FMT(directory), name) >= sizeof path)
        return NULL;
    azm_buf_init(&text, max);
    if (azm_file_read(path, &text, NULL) == AZM_OK &&
        azm_json_parse_config(azm_buf_slice(&text), path, &json, NULL) != AZM_OK) {
        json = NULL;
        atomic_fetch_add(&files->unreadable, 1);
    }
    azm_buf_dispose(&text);
    return json;
}

static void add_binding(struct azm_files *files, azm_slice id, azm_slice name, const json_t *json)
{
    char *text = json_dumps(json, JSON_COMPACT);
    struct binding *binding = text ? azm_arena_new(&files->arena, struct binding) : NULL;
    if (binding) {
        binding->id = azm_arena_copy(&files->arena, id);
        binding->name = azm_arena_copy(&files->arena, name);
        binding->json = azm_arena_copy(&files->arena, azm_slice_str(text));
        *files->last = binding;
        files->last = &binding->next;
    }
    free(text);
}

/* The trigger among function.json's (or functions.metadata's) bindings. */
static void add_trigger(struct azm_files *files, azm_slice id, azm_slice name, const json_t *function)
{
    const json_t *bindings = azm_json_get(function, "bindings");
    for (size_t i = 0; i < json_array_size(bindings); i++) {
        const json_t *binding = json_array_get(bindings, i);
        if (azm_slice_ends_nocase(azm_json_get_slice(binding, "type"), AZM_S("Trigger"))) {
            add_binding(files, id, name, binding);
            return;
        }
    }
}

static bool is_on(const json_t *value)
{
    return json_is_true(value) || (json_is_string(value) && azm_slice_eq_nocase(azm_json_slice(value), AZM_S("true")));
}

static void keep_timeout(struct azm_files *files, const json_t *timeout)
{
    char number[24];
    azm_slice text = azm_json_slice(timeout);
    if (json_is_integer(timeout)) { /* as -1 */
        int len = snprintf(number, sizeof number, "%lld", (long long)json_integer_value(timeout));
        text = (azm_slice){number, (size_t)len};
    }
    if (text.len)
        files->facts.function_timeout = azm_arena_copy(&files->arena, text);
}

/* Settings of the host that are said in host.json. */
static void keep_facts(struct azm_files *files, const json_t *host)
{
    const json_t *http = azm_json_get(azm_json_get(host, "extensions"), "http");
    const json_t *prefix = azm_json_get(http, "routePrefix");
    if (json_is_string(prefix)) {
        files->facts.has_route_prefix = true;
        files->facts.route_prefix = azm_arena_copy(&files->arena, azm_json_get_slice(http, "routePrefix"));
    }
    files->facts.has_host = json_is_object(host);
    keep_timeout(files, azm_json_get(host, "functionTimeout"));
    files->facts.telemetry_opentelemetry =
        azm_slice_eq_nocase(azm_json_get_slice(host, "telemetryMode"), AZM_S("OpenTelemetry"));
    const json_t *handler = azm_json_get(host, "customHandler");
    files->facts.handler_forwards = is_on(azm_json_get(handler, "enableForwardingHttpRequest")) ||
                                    is_on(azm_json_get(handler, "enableProxyingHttpRequest"));
    files->facts.http_worker = !handler && azm_json_get(host, "httpWorker");
}

static void add_functions(struct azm_files *files, const json_t *functions)
{
    for (size_t i = 0; i < json_array_size(functions); i++) {
        const json_t *function = json_array_get(functions, i);
        add_trigger(files, AZM_S(""), azm_json_get_slice(function, "name"), function);
    }
}

/* The app's own two files. Returns with the mutex held, as it came. */
static void read_app(struct azm_files *files)
{
    unsigned generation = files->generation;
    char directory[900];
    azm_slice_copy(files->app, directory, sizeof directory);
    files->app_wanted = false;
    azm_mutex_unlock(&files->mutex);
    json_t *host = read_json(files, azm_slice_str(directory), "host.json", FILE_MAX);
    json_t *functions = read_json(files, azm_slice_str(directory), "functions.metadata", METADATA_MAX);
    azm_mutex_lock(&files->mutex);
    if (generation == files->generation) {
        keep_facts(files, host);
        add_functions(files, functions);
        files->version++;
        files->waiting--;
    }
    json_decref(host);
    json_decref(functions);
}

static void read_shared(struct azm_files *files)
{
    unsigned generation = files->generation;
    char name[AZM_HOST_FILE_NAME_MAX];
    json_t *functions = NULL;
    files->shared_wanted = false;
    azm_mutex_unlock(&files->mutex);
    if (files->run_dir[0] && azm_shared_functions_name(name))
        functions = read_json(files, azm_slice_str(files->run_dir), name, METADATA_MAX);
    azm_mutex_lock(&files->mutex);
    if (generation == files->generation) {
        add_functions(files, functions);
        files->waiting--;
    }
    json_decref(functions);
}

/* The folders of an app that may be functions. */
struct folders {
    struct azm_arena arena;
    struct request *first;
    unsigned count;
};

static bool add_folder(void *self, azm_slice name)
{
    struct folders *folders = self;
    struct request *folder = folders->count < AZM_FUNCTIONS_MAX ? azm_arena_new(&folders->arena, struct request) : NULL;
    if (!folder)
        return false;
    *folder = (struct request){.next = folders->first, .id = azm_arena_copy(&folders->arena, name)};
    folders->first = folder;
    folders->count++;
    return true;
}

static void read_folder(struct azm_files *files, azm_slice app, azm_slice name, unsigned generation)
{
    char directory[900];
    if ((size_t)snprintf(directory, sizeof directory, "%.*s/%.*s", AZM_FMT(app), AZM_FMT(name)) >= sizeof directory)
        return;
    json_t *function = read_json(files, azm_slice_str(directory), "function.json", FILE_MAX);
    const json_t *bindings = azm_json_get(function, "bindings");
    azm_mutex_lock(&files->mutex);
    for (size_t i = 0; i < json_array_size(bindings) && generation == files->generation; i++)
        add_binding(files, name, name, json_array_get(bindings, i));
    azm_mutex_unlock(&files->mutex);
    json_decref(function);
}

static void read_all(struct azm_files *files)
{
    unsigned generation = files->generation;
    struct folders folders = {.count = 0};
    char app[900];
    azm_slice_copy(files->app, app, sizeof app);
    files->all_wanted = false;
    azm_mutex_unlock(&files->mutex);
    azm_arena_init(&folders.arena, FACTS_MAX);
    (void)!azm_dir_list(app, add_folder, &folders, NULL);
    for (const struct request *folder = folders.first; folder; folder = folder->next)
        read_folder(files, azm_slice_str(app), folder->id, generation);
    azm_arena_dispose(&folders.arena);
    azm_mutex_lock(&files->mutex);
    if (generation == files->generation)
        files->waiting--;
}

static void read_function(struct azm_files *files)
{
    struct request *request = files->requests;
    unsigned generation = files->generation;
    char directory[900], id[512];
    azm_slice_copy(request->directory, directory, sizeof directory);
    azm_slice_copy(request->id, id, sizeof id);
    files->requests = request->next;
    azm_mutex_unlock(&files->mutex);
    json_t *function = read_json(files, azm_slice_str(directory), "function.json", FILE_MAX);
    azm_mutex_lock(&files->mutex);
    if (generation == files->generation) {
        add_trigger(files, azm_slice_str(id), AZM_S(""), function);
        files->waiting--;
    }
    json_decref(function);
}

void azm_files_read(void *self)
{
    struct azm_files *files = self;
    azm_mutex_lock(&files->mutex);
    while (files->app_wanted || files->all_wanted || files->shared_wanted || files->requests) {
        if (files->app_wanted)
            read_app(files);
        else if (files->all_wanted)
            read_all(files);
        else if (files->shared_wanted)
            read_shared(files);
        else
            read_function(files);
    }
    azm_mutex_unlock(&files->mutex);
}
