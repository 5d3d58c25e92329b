#include "ring/sample.h"

static const struct azm_pair labels[] = {
    {{"tenant", 6}, {"north", 5}}, {{"empty", 5}, {"", 0}}, {{"no value", 8}, {NULL, 0}}};
static const struct azm_pair request[] = {{{"Accept", 6}, {"*/*", 3}}, {{"Cookie", 6}, {"[REDACTED]", 10}}};
static const struct azm_pair response[] = {{{"Content-Type", 12}, {"text/plain", 10}}};
static const struct azm_span_link links[] = {
    {{{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}}, {{1, 2, 3, 4, 5, 6, 7, 8}}},
    {{{255}}, {{254}}},
};

/* AZM_S is no constant expression for a static struct in every compiler. */
#define TEXT(literal)                                                                                                  \
    {                                                                                                                  \
        "" literal, sizeof(literal) - 1                                                                                \
    }

const struct azm_source azm_sample_source = {
    .service_name = TEXT("shop"),
    .service_version = TEXT("1.2.3"),
    .environment = TEXT("test"),
    .node_name = TEXT("node-7"),
    .agent_name = TEXT("azimuth"),
    .agent_version = TEXT("0.1.0"),
    .activation_method = TEXT("env-attach"),
    .framework_name = TEXT("Azure Functions"),
    .framework_version = TEXT("4"),
    .runtime_name = TEXT("node"),
    .runtime_version = TEXT("18.20.4"),
    .language_name = TEXT("JavaScript"),
    .language_version = TEXT("ES2022"),
    .cloud_provider = TEXT("azure"),
    .cloud_service_name = TEXT("functions"),
    .cloud_account_id = TEXT("d2cd53b3-acdc-4964-9563-3f5201556a81"),
    .cloud_instance_id = TEXT("/subscriptions/d2cd53b3"),
    .cloud_instance_name = TEXT("shop"),
    .cloud_project_name = TEXT("group"),
    .cloud_region = TEXT("West Europe"),
    .pid = 4711,
    .ppid = 4294967295u,
    .process_title = TEXT("/usr/bin/node"),
    .labels = {labels, AZM_COUNT(labels)},
    .destination = {.kind = AZM_DESTINATION_OTLP,
                    .url = TEXT("https://collector.example:4318"),
                    .api_key = TEXT("key"),
                    .secret_token = TEXT("token"),
                    .ca_file = TEXT("/etc/ca.pem"),
                    .verify_server_cert = true,
                    .timeout_ms = 10000,
                    .full_url = TEXT("https://collector.example/traces"),
                    .headers = TEXT("x-tenant=north"),
                    .client_cert_file = TEXT("/etc/client.pem"),
                    .client_key_file = TEXT("/etc/client.key"),
                    .protocol = AZM_OTLP_JSON,
                    .gzip = true,
                    .insecure = true},
    .resource = {response, AZM_COUNT(response)},
    .platform = {request, AZM_COUNT(request)},
};

const struct azm_transaction azm_sample_transaction = {
    .trace_id = {{0x0a, 0xf7, 0x65, 0x19, 0x16, 0xcd, 0x43, 0xdd, 0x84, 0x48, 0xeb, 0x21, 0x1c, 0x80, 0x31, 0x9c}},
    .id = {{0xb7, 0xad, 0x6b, 0x71, 0x69, 0x20, 0x33, 0x31}},
    .parent_id = {{0, 0, 0, 0, 0, 0, 0, 1}},
    .timestamp_us = -1234567890123456,
    .duration_us = 18446744073709551615u,
    .name = TEXT("GET /api/products/{category:alpha}/{id:int?}"),
    .type = TEXT("request"),
    .result = TEXT("HTTP 2xx"),
    .outcome = AZM_OUTCOME_SUCCESS,
    .sampled = true,
    .sample_rate = 0.25,
    .faas = {.id = TEXT("/subscriptions/x/functions/Hello"),
             .name = TEXT("shop/Hello"),
             .execution = TEXT("5a3d8e0c-6c4f-4e59-9d3a-0a0b1c2d3e4f"),
             .trigger_type = TEXT("http"),
             .trigger_request_id = TEXT("request-1"),
             .coldstart = AZM_TRUE},
    .http = {.method = TEXT("GET"),
             .url = TEXT("http://localhost:7071/api/products/a/1?code=[REDACTED]"),
             .http_version = TEXT("1.1"),
             .remote_address = TEXT("127.0.0.1"),
             .request_headers = {request, AZM_COUNT(request)},
             .response_headers = {response, AZM_COUNT(response)},
             .status_code = 200},
    .message = {.queue = TEXT("orders"), .has_age = AZM_TRUE, .age_ms = 1500},
    .labels = {labels, AZM_COUNT(labels)},
    .links = links,
    .link_count = AZM_COUNT(links),
};

/* What came after the first one was frozen. */
const struct azm_transaction azm_sample_message = {
    .trace_id = {{1}},
    .id = {{2}},
    .sample_rate = -1,
    .message = {.queue = TEXT("news"), .headers = {request, AZM_COUNT(request)}, .routing_key = TEXT("orders.created")},
    .origin = {.id = TEXT("/subscriptions/d2cd53b3/topics/news"),
               .name = TEXT("news"),
               .cloud_provider = TEXT("azure"),
               .cloud_service = TEXT("event grid"),
               .cloud_account_id = TEXT("d2cd53b3")},
};
