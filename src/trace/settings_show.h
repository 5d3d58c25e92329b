/* What may be told of the settings: never a secret. Feeds the start-up log, `azimuth settings` and docs/SETTINGS.md. */
#pragma once

#include "base/buf.h"
#include "trace/settings.h"

/* The value as it may be shown: [REDACTED] for a secret and for header fields, a URL without user, password and query,
 * a list of pairs without the values of keys that name secrets; one line. */
void azm_setting_show(struct azm_buf *out, const struct azm_setting *setting, azm_slice value);

enum azm_setting_origin {
    AZM_SETTING_DEFAULT,
    AZM_SETTING_GIVEN,     /* the environment's value is in force */
    AZM_SETTING_INHERITED, /* the setting's other name is set */
    AZM_SETTING_OVERRULED, /* it is good, but the other name goes before it */
    AZM_SETTING_INVALID,   /* it is ignored */
};
/* *value: the one in force, from the environment; ptr NULL: the default is. */
enum azm_setting_origin azm_setting_origin(const struct azm_setting *setting, const struct azm_env *env,
                                           azm_slice *value);
/* "true or false": what a value has to look like. */
const char *azm_setting_type(const struct azm_setting *setting);

/* The table's chapters: each begins with the row of that name. */
struct azm_setting_group {
    const char *first, *title;
};
extern const struct azm_setting_group azm_setting_groups[];
extern const size_t azm_setting_group_count;
/* The title of the chapter that begins with this row; NULL: it goes on. */
const char *azm_setting_title(const struct azm_setting *setting);

/* Options of Elastic's and OpenTelemetry's agents that are known and have no effect here. */
struct azm_setting_unused {
    const char *name;
    const char *accord; /* a value that asks for what is done anyhow, so that nobody needs a warning; "": none */
    const char *reason;
};
extern const struct azm_setting_unused azm_setting_unused[];
extern const size_t azm_setting_unused_count;
/* Warns of each of them that is set to something else than what is done. */
void azm_settings_warn_unused(const struct azm_env *env, azm_settings_warn *warn, void *self);

/* What a start-up log has to say, a line each: what always must be told, and what is not the default, with its source.
 * Source: elastic/apm specs, logging of configuration at start-up. */
void azm_settings_tell(const struct azm_env *env, azm_settings_warn *tell, void *self);
