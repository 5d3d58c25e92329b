/* What the app's own files tell: host.json, functions.metadata, each function's function.json. Read by an errand,
 * handed over to the relay's thread when it asks. */
#pragma once

#include <stdatomic.h>

#include "tap/functions.h"

#define AZM_FILES_ASKED_MAX 1024u

struct azm_files; /* shared with the errand */

/* run_dir: the run folder, once the errand before this one has found it, else ""; borrowed. NULL when memory is out. */
struct azm_files *azm_files_open(const char *run_dir);
void azm_files_close(struct azm_files *files);

/* The app's folder became known, or became another one (specialization): what was read before is forgotten. */
void azm_files_app(struct azm_files *files, azm_slice directory);
/* function.json of this folder is wanted for function `id`. */
void azm_files_ask(struct azm_files *files, azm_slice id, azm_slice directory);
/* All bindings of all functions that have a folder with a function.json in the app's folder are wanted, for a custom
 * handler: its host tells of none. They are handed over under the folder's name as id and name. */
void azm_files_ask_all(struct azm_files *files);
/* What another worker of this host has indexed is wanted (shared_functions.h). */
void azm_files_ask_shared(struct azm_files *files);
/* True when something asked for is not read yet. */
bool azm_files_waiting(const struct azm_files *files);

/* Errand: reads what is asked for. self is the struct azm_files. */
void azm_files_read(void *self);

struct azm_file_facts {
    bool has_route_prefix, telemetry_opentelemetry; /* host.json: extensions.http.routePrefix, telemetryMode */
    bool handler_forwards; /* customHandler.enableForwardingHttpRequest or enableProxyingHttpRequest */
    bool http_worker;      /* it has the older section httpWorker, and no customHandler */
    azm_slice route_prefix;
    bool has_host;              /* host.json was read */
    azm_slice function_timeout; /* functionTimeout, as written; ptr NULL: not there */
};
/* Counts up whenever azm_files_facts() may say something else; cheap. */
uint32_t azm_files_version(const struct azm_files *files);
/* Files that are there and are no JSON. */
uint32_t azm_files_unreadable(const struct azm_files *files);
/* What host.json said; defaults until it is read. Slices live until azm_files_app. */
struct azm_file_facts azm_files_facts(struct azm_files *files);
/* Hands over the bindings that were read since the last call: describe(self, function id or, from functions.metadata,
 * name; binding JSON). */
void azm_files_take(struct azm_files *files,
                    void (*describe)(void *self, azm_slice id, azm_slice name, azm_slice binding_json), void *self);
