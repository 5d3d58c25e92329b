/* What the environment of a function app says about it: service, cloud, node, and a function's resource id.
 * Sources: S2 (metadata, faas.id); elastic/apm specs, metadata.md; for pods and containers the Functions host itself.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "trace/settings.h"

/* WEBSITE_OWNER_NAME: "<subscription>+<resource group>-<region>webspace<anything>". */
struct azm_owner_name {
    azm_slice subscription, resource_group, region;
};
/* False: not of that form, nothing can be told. */
bool azm_owner_name_parse(azm_slice text, struct azm_owner_name *out);

/* What the worker and the host's messages tell beside the environment; ptr NULL: not told. */
struct azm_functions_facts {
    azm_slice runtime_version; /* WorkerMetadata.runtime_version */
    azm_slice app_directory;   /* its last part names the service where there is no site name (a laptop) */
    uint32_t pid, ppid;
};

#define AZM_LABELS_MAX       64u    /* of ELASTIC_APM_GLOBAL_LABELS; more are left out, */
#define AZM_LABELS_BYTES_MAX 16384u /* and what goes beyond so many bytes: the rest of a record needs its room */

/* Fills the source; slices borrow from settings, env, facts or lie in the arena. The destination is the settings' own.
 * *node_name_ignored: ELASTIC_APM_SERVICE_NODE_NAME was set, which S2 wants to be warned about. */
void azm_functions_metadata(struct azm_source *out, const struct azm_settings *settings, const struct azm_env *env,
                            const struct azm_functions_facts *facts, struct azm_arena *arena, bool *node_name_ignored);

/* "<app>/<function>", or the function alone where the app has no name. */
void azm_faas_name(struct azm_buf *out, const struct azm_env *env, azm_slice function);
/* The function's resource id, with "/slots/<slot>" for a slot other than production. Nothing is written when a part is
 * not known: never an empty segment. */
void azm_faas_id(struct azm_buf *out, const struct azm_env *env, azm_slice function);
