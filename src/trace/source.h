/* Who made the events, and where they go: a process's metadata and its destination. One per process, and a new one when
 * a placeholder is specialized. A plain value of borrowed slices; ptr NULL means "leave it out".
 * Sources: S2 (metadata), intake v2 metadata.json, design section 6 (destination). */
#pragma once

#include "trace/transaction.h"

enum azm_destination_kind { AZM_DESTINATION_NONE, AZM_DESTINATION_ELASTIC, AZM_DESTINATION_OTLP };
/* How OTLP is written. gRPC can be asked for, but is not spoken: settings.c makes it PROTOBUF, over HTTP. */
enum azm_otlp_protocol { AZM_OTLP_PROTOBUF, AZM_OTLP_JSON, AZM_OTLP_GRPC };

struct azm_destination {
    enum azm_destination_kind kind;
    azm_slice url;                   /* of the server, without the intake path */
    azm_slice more_urls;             /* others that will do when it does not answer, parted by semicolons */
    azm_slice api_key, secret_token; /* the key wins; never logged */
    azm_slice ca_file;               /* PEM, beside the system's */
    bool verify_server_cert;
    uint32_t timeout_ms;
    uint32_t request_bytes, request_time_ms; /* when a request is large, or old, enough; 0: the agent's own limits */
    /* OTLP alone: */
    azm_slice full_url;                          /* the whole address, to which no path is added; goes before url */
    azm_slice headers;                           /* a list as in trace/otel_list.h; never logged */
    azm_slice client_cert_file, client_key_file; /* PEM */
    enum azm_otlp_protocol protocol;
    bool gzip;
    bool insecure; /* an address without a scheme is http, not https */
};

struct azm_source {
    azm_slice service_name, service_version, environment, node_name;
    azm_slice agent_name, agent_version, activation_method;
    azm_slice framework_name, framework_version;
    azm_slice runtime_name, runtime_version; /* both or neither: intake rejects one alone */
    azm_slice language_name, language_version;
    azm_slice cloud_provider, cloud_service_name, cloud_account_id, cloud_instance_id, cloud_instance_name,
        cloud_project_name, cloud_region; /* all left out without provider */
    uint32_t pid, ppid;
    azm_slice process_title;
    struct azm_pairs labels;
    struct azm_pairs resource; /* OTEL_RESOURCE_ATTRIBUTES: go before what was detected; sent as OTLP only */
    struct azm_pairs platform; /* what else App Service tells, under OpenTelemetry's names: docs/METADATA.md */
    struct azm_destination destination;
    struct azm_destination logs; /* of logs and of errors without an invocation, where these have an address of their
                                    own (OTLP); kind NONE: they have none */
};
