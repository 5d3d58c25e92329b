/* The settings Azimuth reads, under the names users have: Elastic's for the agent, OpenTelemetry's, the site
 * extension's; AZIMUTH_* only for what has no name yet. One table feeds the reader and the documentation. Sources:
 * elastic/apm specs, configuration.md (value types; an invalid value is warned about and the default kept). */
#pragma once

#include "base/env.h"
#include "trace/decision.h"
#include "trace/source.h"

/* Of which invocations the body of the request or message is kept. */
enum azm_capture_body { AZM_BODY_OFF, AZM_BODY_ERRORS, AZM_BODY_TRANSACTIONS, AZM_BODY_ALL };

struct azm_settings {
    bool enabled, recording;      /* enabled: none of the three switches is off */
    bool own_switch, otel_is_off; /* the other two */
    struct azm_destination destination;
    struct azm_destination logs; /* source.h */
    azm_slice service_name, service_version, environment, service_node_name, global_labels;
    azm_slice sanitize_field_names;
    bool capture_headers, log_sending;
    double transaction_sample_rate; /* 0..1, four decimals */
    enum azm_trace_context_mode trace_context;
    enum azm_trace_continuation trace_continuation;
    enum azm_capture_body capture_body;
    azm_slice log_level, log_sending_level;
    azm_slice transaction_ignore_urls, transaction_ignore_user_agents, ignore_message_queues, transaction_name_groups;
    bool disable_send;
    azm_slice run_dir;                      /* as it was given; os/run_dir.h says what is made of it */
    azm_slice worker_executable;            /* tap/executable.h */
    azm_slice hub_token;                    /* of `azimuth traces` */
    azm_slice hub_store;                    /* of `azimuth hub` */
    azm_slice hub_tls_cert, hub_tls_key;    /* of `azimuth hub` */
    struct azm_destination otlp, otlp_logs; /* what OpenTelemetry's variables say of traces, and of logs */
    bool otlp_is_off, otlp_logs_are_off;
    azm_slice otel_sampler; /* one of OpenTelemetry's names, or empty */
    double otel_sampler_arg;
    azm_slice resource_attributes, connection_points;
    uint64_t api_request_size;    /* bytes */
    uint64_t api_request_time_ms; /* milliseconds */
    uint64_t spool_size;          /* bytes; the agent's own, not an app's */
};

/* A line about a setting that was ignored. Borrowed; never holds a secret's value. */
typedef void azm_settings_warn(void *self, azm_slice line);

/* Reads everything from env. Slices borrow from env's values, which must outlive the settings. warn may be NULL. */
void azm_settings_read(struct azm_settings *out, const struct azm_env *env, azm_settings_warn *warn, void *self);

enum azm_setting_kind {
    AZM_SETTING_TEXT,
    AZM_SETTING_SECRET,   /* text that is never shown */
    AZM_SETTING_URL,      /* shown without user, password and query */
    AZM_SETTING_URLS,     /* several, parted by semicolons */
    AZM_SETTING_PATTERNS, /* "/health*, *.png": base/wildcard.h */
    AZM_SETTING_LEVEL,    /* "trace" to "critical", "off" */
    AZM_SETTING_MAPPING,  /* "key=value,key=value" */
    AZM_SETTING_BOOL,     /* "true" or "false" */
    AZM_SETTING_SWITCH,   /* "true", "false", "1" or "0", in any case */
    AZM_SETTING_OTEL,     /* OpenTelemetry's boolean: "true" or "false", in any case */
    AZM_SETTING_RATE,     /* 0..1 */
    AZM_SETTING_DURATION, /* "5s", "100ms", "1m"; unit required */
    AZM_SETTING_TIMEOUT,  /* the same, kept in 32 bits */
    AZM_SETTING_SIZE,     /* "768kb"; factors of 1024 */
    AZM_SETTING_MS,       /* "10000": OpenTelemetry's, kept in 32 bits */
    AZM_SETTING_HEADERS,  /* trace/otel_list.h; never shown */
    AZM_SETTING_RESOURCE, /* trace/otel_list.h */
    AZM_SETTING_PROTOCOL, /* "http/protobuf", "http/json" or "grpc" */
    AZM_SETTING_GZIP,     /* "gzip" or "none" */
    AZM_SETTING_TRACE_CONTEXT,
    AZM_SETTING_EXPORTER, /* "otlp" or "none" */
    AZM_SETTING_SAMPLER,  /* OpenTelemetry's names */
    AZM_SETTING_CONTINUATION,
    AZM_SETTING_BODY, /* enum azm_capture_body */
};

struct azm_setting {
    const char *name;
    enum azm_setting_kind kind;
    size_t offset;        /* in struct azm_settings */
    const char *standard; /* the default, as text */
    const char *help;
};

extern const struct azm_setting azm_setting_table[];
extern const size_t azm_setting_count;

/* The setting that counts where this one is not set: of one for logs alone that for all signals. NULL: none. */
const struct azm_setting *azm_setting_general(const struct azm_setting *setting);
/* False: the value is not of the setting's kind, and would be ignored. */
bool azm_setting_is_valid(const struct azm_setting *setting, azm_slice value);
