/* The functions of the app, as far as the wire and its files have told. Filled while the app loads, looked up for each
 * invocation. Lives on the relay's thread. Bounded: past AZM_FUNCTIONS_MAX functions, or 16 MiB of text, further
 * ones stay unknown (an unknown function is traced by its id alone, as trigger "other"). */
#pragma once

#include "base/arena.h"
#include "base/env.h"
#include "trace/triggers.h"

#define AZM_FUNCTIONS_MAX 8192u

struct azm_function {
    azm_slice id, name, directory;
    azm_slice trigger_type; /* as "httpTrigger"; ptr NULL: not known */
    azm_slice route;        /* of an HTTP trigger, the template as written; ptr NULL: none given, the name serves */
    azm_slice methods;      /* of an HTTP trigger, separated by commas, in the case they have; ptr NULL: all */
    azm_slice http_output;  /* the name of its output binding of type http, "$return" perhaps; ptr NULL: not known */
    bool has_others;        /* bindings that are neither its trigger nor http */
    const struct azm_trigger *trigger; /* by trigger_type; NULL: not known */
    /* By the trigger's places and labels, %SETTING% resolved; ptr NULL: not known. */
    azm_slice queue, binding_labels[AZM_TRIGGER_LABELS];
    bool refused;   /* the worker has said that it cannot load it */
    bool described; /* the trigger's own binding is known, not only its type */

    /* What its transactions are called, made once (request.c); `labels` says from which state of the session. */
    uint32_t labels;
    azm_slice path, other_name, faas_name, faas_id; /* path: "/api/hello", behind an HTTP method */
};

struct azm_functions {
    struct azm_arena arena;
    struct azm_function **slots; /* open addressing by id */
    size_t slot_count, count;
    bool full;           /* there were more than find room */
    uint32_t unreadable; /* bindings that could not be read */
    uint32_t generation; /* counts azm_functions_clear, so that an old pointer can be told */
    uint64_t seed;
};

void azm_functions_init(struct azm_functions *functions, uint64_t seed);
void azm_functions_dispose(struct azm_functions *functions);
/* Specialization: a placeholder's functions are not the app's. */
void azm_functions_clear(struct azm_functions *functions);

/* NULL when it is not known. Valid until _clear or _dispose. */
struct azm_function *azm_functions_find(const struct azm_functions *functions, azm_slice id);
/* The next one of that name whose binding is not known; NULL when there is none. Looks at all. */
struct azm_function *azm_functions_find_bare(const struct azm_functions *functions, azm_slice name);
/* A function that was loaded again under another id: takes over what is known of its binding. Looks at all. */
void azm_functions_inherit(const struct azm_functions *functions, struct azm_function *function);
/* The function of that id, made when it is new. Slices are copied; a field that is empty here keeps what was known.
 * NULL when there is no room. */
struct azm_function *azm_functions_add(struct azm_functions *functions, azm_slice id, azm_slice name,
                                       azm_slice directory, azm_slice trigger_type);
/* What the trigger's binding says (one element of function.json's "bindings", or a raw binding). env resolves %NAME%.
 * A binding that cannot be read changes nothing. */
void azm_functions_describe(struct azm_functions *functions, struct azm_function *function, azm_slice binding_json,
                            const struct azm_env *env);
/* The same for any of its bindings, of a custom handler's function. */
void azm_functions_bind(struct azm_functions *functions, struct azm_function *function, azm_slice binding_json,
                        const struct azm_env *env);
