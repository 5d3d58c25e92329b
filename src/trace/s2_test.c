/* One row per MUST, SHOULD and field of the specification of a function's transaction (S2), in our words. What needs
 * more than values (cold starts of two workers, the warning in the log, disabled metrics) is shown by tests/scenario.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#include "trace/coldstart.h"
#include "trace/functions_metadata.h"
#include "trace/names.h"
#include "trace/triggers.h"

/* --- names --- */

static const struct {
    const char *what, *method, *prefix, *route, *name;
} http_names[] = {
    {"method, prefix and function name where there is no template", "GET", "api", "MyFuncName", "GET /api/MyFuncName"},
    {"the template stays as it is written", "GET", "api", "products/{category:alpha}/{id:int?}",
     "GET /api/products/{category:alpha}/{id:int?}"},
    {"exactly one leading slash: template with one", "GET", "api", "/products", "GET /api/products"},
    {"exactly one leading slash: template with two", "GET", "api", "//products", "GET /api/products"},
    {"exactly one leading slash: prefix with one", "POST", "/api/", "products", "POST /api/products"},
    {"routePrefix of several parts", "GET", "my/v1", "a/b", "GET /my/v1/a/b"},
    {"an empty routePrefix", "GET", "", "a/b", "GET /a/b"},
    {"an empty routePrefix and a template with a slash", "GET", "", "/a", "GET /a"},
    {"a method in lower case is the same method", "get", "api", "a", "GET /api/a"},
    {"a method that was not seen (HTTP proxying)", "", "api", "a", "/api/a"},
    {"everything empty", "GET", "", "", "GET /"},
};

static void name_of_http(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(http_names); i++) {
        struct azm_buf out;
        azm_buf_init(&out, 1024);
        azm_name_http(&out, azm_slice_str(http_names[i].method), azm_slice_str(http_names[i].prefix),
                      azm_slice_str(http_names[i].route));
        azm_buf_add_byte(&out, 0);
        print_message("%s\n", http_names[i].what);
        assert_string_equal(out.ptr, http_names[i].name);
        azm_buf_dispose(&out);
    }
}

static void method_before_a_kept_path(void **state)
{
    (void)state;
    struct azm_buf out;
    azm_buf_init(&out, 64);
    azm_name_method(&out, AZM_S(""));
    assert_int_equal(out.len, 0);
    azm_name_method(&out, AZM_S("pAtch"));
    assert_true(azm_slice_eq(azm_buf_slice(&out), AZM_S("PATCH ")));
    azm_buf_dispose(&out);
}

/* --- trigger: faas.trigger.type, type, name --- */

static const struct {
    const char *binding, *queue, *faas_type, *type, *name;
} triggers[] = {
    {"httpTrigger", NULL, "http", "request", "fn"},
    {"HTTPTRIGGER", NULL, "http", "request", "fn"},
    {"timerTrigger", NULL, "timer", "scheduled", "fn"},
    {"queueTrigger", "orders", "pubsub", "messaging", "AzureQueue RECEIVE from orders"},
    {"queueTrigger", NULL, "pubsub", "messaging", "fn"},
    {"serviceBusTrigger", NULL, "pubsub", "messaging", "fn"},
    {"eventHubTrigger", NULL, "pubsub", "messaging", "fn"},
    {"eventGridTrigger", NULL, "pubsub", "messaging", "fn"},
    {"kafkaTrigger", NULL, "pubsub", "messaging", "fn"},
    {"rabbitMQTrigger", NULL, "pubsub", "messaging", "fn"},
    {"blobTrigger", NULL, "datasource", "request", "fn"},
    {"cosmosDBTrigger", NULL, "datasource", "request", "fn"},
    {"sqlTrigger", NULL, "datasource", "request", "fn"},
    {"mysqlTrigger", NULL, "datasource", "request", "fn"},
    {"redisPubSubTrigger", NULL, "datasource", "request", "fn"},
    {"redisListTrigger", NULL, "datasource", "request", "fn"},
    {"redisStreamTrigger", NULL, "datasource", "request", "fn"},
    {"activityTrigger", NULL, "other", "request", "fn"},
    {"entityTrigger", NULL, "other", "request", "fn"},
    {"signalRTrigger", NULL, "other", "request", "fn"},
    {"orchestrationTrigger", NULL, "other", "request", "fn"},
    {"warmupTrigger", NULL, "other", "request", "fn"},
    {"nobodyKnowsTrigger", NULL, "other", "request", "fn"},
    {"", NULL, "other", "request", "fn"},
};

static void trigger_decides_type_and_name(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(triggers); i++) {
        const struct azm_trigger *trigger = azm_trigger_of(azm_slice_str(triggers[i].binding));
        struct azm_buf out;
        azm_buf_init(&out, 1024);
        azm_name_other(&out, trigger, azm_slice_str(triggers[i].queue), AZM_S(""), AZM_S("fn"));
        print_message("%s\n", triggers[i].binding);
        assert_true(azm_slice_eq(trigger->faas_type, azm_slice_str(triggers[i].faas_type)));
        assert_true(azm_slice_eq(trigger->type, azm_slice_str(triggers[i].type)));
        assert_true(azm_slice_eq(azm_buf_slice(&out), azm_slice_str(triggers[i].name)));
        azm_buf_dispose(&out);
    }
}

/* --- outcome and result --- */

static const struct {
    const char *what;
    bool failed;
    unsigned status;
    enum azm_outcome outcome;
    const char *result;
} results[] = {
    {"no HTTP: success", false, 0, AZM_OUTCOME_SUCCESS, "success"},
    {"no HTTP: a function error is a failure", true, 0, AZM_OUTCOME_FAILURE, "failure"},
    {"HTTP 200", false, 200, AZM_OUTCOME_SUCCESS, "HTTP 2xx"},
    {"HTTP 302", false, 302, AZM_OUTCOME_SUCCESS, "HTTP 3xx"},
    {"HTTP 404 is the caller's fault, not the server's", false, 404, AZM_OUTCOME_SUCCESS, "HTTP 4xx"},
    {"HTTP 500 from a function that says success", false, 500, AZM_OUTCOME_FAILURE, "HTTP 5xx"},
    {"HTTP and a function error: the host answers 500", true, 500, AZM_OUTCOME_FAILURE, "HTTP 5xx"},
    {"a function error rules over a good status", true, 200, AZM_OUTCOME_FAILURE, "HTTP 2xx"},
    {"a status that HTTP does not know", false, 999, AZM_OUTCOME_FAILURE, "HTTP 9xx"},
    {"HTTP 100", false, 100, AZM_OUTCOME_SUCCESS, "HTTP 1xx"},
    {"HTTP 499 and 599: the last of their class", false, 499, AZM_OUTCOME_SUCCESS, "HTTP 4xx"},
    {"", false, 599, AZM_OUTCOME_FAILURE, "HTTP 5xx"},
};

static void outcome_and_result(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(results); i++) {
        print_message("%s\n", results[i].what);
        assert_int_equal(azm_outcome_of(results[i].failed, results[i].status), results[i].outcome);
        assert_true(
            azm_slice_eq(azm_result_of(results[i].failed, results[i].status), azm_slice_str(results[i].result)));
    }
}

/* --- faas.name and faas.id --- */

#define OWNER "WEBSITE_OWNER_NAME=d2ba53be-0815-4a6b-8c7d-000000000001+plan-rg-WestEuropewebspace-Linux"
#define ID    "/subscriptions/d2ba53be-0815-4a6b-8c7d-000000000001/resourceGroups/"

static const struct {
    const char *what, *pairs[6], *name, *id;
} ids[] = {
    {"all parts",
     {"WEBSITE_SITE_NAME=App", OWNER, "WEBSITE_RESOURCE_GROUP=rg"},
     "App/fn",
     ID "rg/providers/Microsoft.Web/sites/App/functions/fn"},
    {"the group from the owner name",
     {"WEBSITE_SITE_NAME=App", OWNER},
     "App/fn",
     ID "plan-rg/providers/Microsoft.Web/sites/App/functions/fn"},
    {"the production slot is the site itself",
     {"WEBSITE_SITE_NAME=App", OWNER, "WEBSITE_SLOT_NAME=Production"},
     "App/fn",
     ID "plan-rg/providers/Microsoft.Web/sites/App/functions/fn"},
    {"another slot is named",
     {"WEBSITE_SITE_NAME=App", OWNER, "WEBSITE_SLOT_NAME=blue"},
     "App/fn",
     ID "plan-rg/providers/Microsoft.Web/sites/App/slots/blue/functions/fn"},
    {"no site: no id, never an empty part", {OWNER}, "fn", ""},
    {"no owner: no id", {"WEBSITE_SITE_NAME=App", "WEBSITE_RESOURCE_GROUP=rg"}, "App/fn", ""},
    {"an owner without a group: no id",
     {"WEBSITE_SITE_NAME=App", "WEBSITE_OWNER_NAME=sub+-Regionwebspace"},
     "App/fn",
     ""},
    {"an owner without a subscription: no id",
     {"WEBSITE_SITE_NAME=App", "WEBSITE_OWNER_NAME=+rg-Regionwebspace"},
     "App/fn",
     ""},
    {"a laptop", {NULL}, "fn", ""},
};

static void function_name_and_id(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(ids); i++) {
        struct azm_env env = azm_env_of(ids[i].pairs);
        struct azm_buf out;
        azm_buf_init(&out, 1024);
        print_message("%s\n", ids[i].what);
        azm_faas_name(&out, &env, AZM_S("fn"));
        assert_true(azm_slice_eq(azm_buf_slice(&out), azm_slice_str(ids[i].name)));
        azm_buf_clear(&out);
        azm_faas_id(&out, &env, AZM_S("fn"));
        assert_true(azm_slice_eq(azm_buf_slice(&out), azm_slice_str(ids[i].id)));
        azm_buf_clear(&out);
        azm_faas_id(&out, &env, AZM_S(""));
        assert_int_equal(out.len, 0);
        azm_buf_dispose(&out);
    }
}

/* --- metadata --- */

enum field {
    SERVICE_NAME,
    NODE,
    FRAMEWORK,
    FRAMEWORK_VERSION,
    RUNTIME,
    RUNTIME_VERSION,
    PROVIDER,
    CLOUD_SERVICE,
    ACCOUNT,
    INSTANCE_NAME,
    PROJECT,
    REGION,
    ENVIRONMENT,
    FIELDS
};

static azm_slice field_of(const struct azm_source *s, enum field field)
{
    const azm_slice fields[FIELDS] = {
        s->service_name,       s->node_name,      s->framework_name,     s->framework_version, s->runtime_name,
        s->runtime_version,    s->cloud_provider, s->cloud_service_name, s->cloud_account_id,  s->cloud_instance_name,
        s->cloud_project_name, s->cloud_region,   s->environment};
    return fields[field];
}

#define SITE   "WEBSITE_SITE_NAME=App"
#define EXT    "FUNCTIONS_EXTENSION_VERSION=~4"
#define NODEJS "FUNCTIONS_WORKER_RUNTIME=node"

static const struct {
    const char *what, *pairs[7];
    enum field field;
    const char *expected; /* NULL: left out */
} metadata[] = {
    {"service.name: an explicit one goes first", {SITE, "ELASTIC_APM_SERVICE_NAME=mine"}, SERVICE_NAME, "mine"},
    {"service.name: else the function app's", {SITE}, SERVICE_NAME, "App"},
    {"service.name: OTEL_SERVICE_NAME is explicit too", {SITE, "OTEL_SERVICE_NAME=otel"}, SERVICE_NAME, "otel"},
    {"service.name: on a laptop the app's folder", {NULL}, SERVICE_NAME, "my_app"},
    {"service.name: only what intake allows", {"ELASTIC_APM_SERVICE_NAME=a.b/c"}, SERVICE_NAME, "a_b_c"},
    {"service.framework.name is a constant", {NULL}, FRAMEWORK, "Azure Functions"},
    {"service.framework.version", {EXT}, FRAMEWORK_VERSION, "~4"},
    {"service.framework.name also where the version is not known", {SITE}, FRAMEWORK, "Azure Functions"},
    {"service.framework.version: not known", {NULL}, FRAMEWORK_VERSION, NULL},
    {"service.runtime.name", {NODEJS}, RUNTIME, "node"},
    {"service.runtime.name: not known, then no version either", {NULL}, RUNTIME_VERSION, NULL},
    {"service.runtime.version: the worker's own word",
     {NODEJS, "FUNCTIONS_WORKER_RUNTIME_VERSION=~20"},
     RUNTIME_VERSION,
     "v20.1"},
    {"service.node: the instance", {"WEBSITE_INSTANCE_ID=25d4", "WEBSITE_POD_NAME=pod"}, NODE, "25d4"},
    {"service.node: ELASTIC_APM_SERVICE_NODE_NAME is ignored",
     {"WEBSITE_INSTANCE_ID=25d4", "ELASTIC_APM_SERVICE_NODE_NAME=x"},
     NODE,
     "25d4"},
    {"service.node: a pod where there is no instance", {"WEBSITE_POD_NAME=pod", "CONTAINER_NAME=box"}, NODE, "pod"},
    {"service.node: a container", {"CONTAINER_NAME=box"}, NODE, "box"},
    {"service.node: not known", {NULL}, NODE, NULL},
    {"cloud.provider", {SITE, EXT, OWNER}, PROVIDER, "azure"},
    {"cloud.service.name", {SITE, EXT, OWNER}, CLOUD_SERVICE, "functions"},
    {"cloud.account.id", {SITE, EXT, OWNER}, ACCOUNT, "d2ba53be-0815-4a6b-8c7d-000000000001"},
    {"cloud.instance.name", {SITE, EXT, OWNER}, INSTANCE_NAME, "App"},
    {"cloud.project.name: from the owner name", {SITE, EXT, OWNER}, PROJECT, "plan-rg"},
    {"cloud.project.name: the app's own group goes first",
     {SITE, EXT, OWNER, "WEBSITE_RESOURCE_GROUP=rg"},
     PROJECT,
     "rg"},
    {"cloud.region: from the owner name", {SITE, EXT, OWNER}, REGION, "WestEurope"},
    {"cloud.region: REGION_NAME goes first, as it is",
     {SITE, EXT, OWNER, "REGION_NAME=West Europe"},
     REGION,
     "West Europe"},
    {"cloud: none without the extension's version", {SITE, OWNER}, PROVIDER, NULL},
    {"cloud: none without the site", {EXT, OWNER}, PROVIDER, NULL},
    {"cloud: none without the owner", {SITE, EXT}, PROVIDER, NULL},
    /* Elastic's own case for this leaves out the extension's version too, and so can pass for the wrong reason. */
    {"cloud: none when only the owner name is malformed: no plus",
     {SITE, EXT, "REGION_NAME=r", "WEBSITE_RESOURCE_GROUP=g",
      "WEBSITE_OWNER_NAME=d2cd53b3-acdc-4964-9563-3f5201556a81-faas_group-CentralUSwebspace-Linux"},
     PROVIDER,
     NULL},
    {"cloud: none when only the owner name is malformed: two pluses",
     {SITE, EXT, "WEBSITE_OWNER_NAME=a+b+c-dwebspace"},
     PROVIDER,
     NULL},
    {"cloud: none when only the owner name is malformed: no dash",
     {SITE, EXT, "WEBSITE_OWNER_NAME=a+bwebspace"},
     PROVIDER,
     NULL},
    {"cloud: a group may hold \"webspace\" and dashes",
     {SITE, EXT, "WEBSITE_OWNER_NAME=a+my-webspace-rg-Northwebspace-Linux"},
     PROJECT,
     "my-webspace-rg"},
    {"service.environment is the user's word only", {"AZURE_FUNCTIONS_ENVIRONMENT=Development"}, ENVIRONMENT, NULL},
    {"service.environment", {"ELASTIC_APM_ENVIRONMENT=prod"}, ENVIRONMENT, "prod"},
};

static struct azm_source source_of(const char *const *pairs, azm_slice runtime_version, struct azm_arena *arena,
                                   bool *ignored)
{
    static struct azm_env env;
    struct azm_settings settings;
    struct azm_source source;
    struct azm_functions_facts facts = {.runtime_version = runtime_version, .app_directory = AZM_S("/home/me/my_app/")};
    env = azm_env_of(pairs);
    azm_settings_read(&settings, &env, NULL, NULL);
    azm_functions_metadata(&source, &settings, &env, &facts, arena, ignored);
    return source;
}

static void metadata_of_the_app(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(metadata); i++) {
        struct azm_arena arena;
        bool ignored;
        azm_arena_init(&arena, 0);
        struct azm_source source = source_of(metadata[i].pairs, AZM_S("v20.1"), &arena, &ignored);
        azm_slice got = field_of(&source, metadata[i].field);
        print_message("%s\n", metadata[i].what);
        assert_int_equal(got.ptr != NULL, metadata[i].expected != NULL);
        assert_true(azm_slice_eq(got, azm_slice_str(metadata[i].expected)));
        assert_int_equal(source.runtime_name.ptr != NULL, source.runtime_version.ptr != NULL);
        azm_arena_dispose(&arena);
    }
}

static void runtime_version_and_warning(void **state)
{
    (void)state;
    const char *told[] = {NODEJS, "FUNCTIONS_WORKER_RUNTIME_VERSION=~20", NULL}, *untold[] = {NODEJS, NULL};
    const char *node_name[] = {"ELASTIC_APM_SERVICE_NODE_NAME=x", NULL};
    struct azm_arena arena;
    bool ignored;
    azm_arena_init(&arena, 0);
    assert_true(azm_slice_eq(source_of(told, (azm_slice){0}, &arena, &ignored).runtime_version, AZM_S("~20")));
    assert_true(azm_slice_eq(source_of(untold, (azm_slice){0}, &arena, &ignored).runtime_version, AZM_S("n/a")));
    assert_false(ignored);
    source_of(node_name, (azm_slice){0}, &arena, &ignored);
    assert_true(ignored); /* S2: MUST be ignored, and a warning MUST be logged */
    azm_arena_dispose(&arena);
}

/* --- cold start --- */

static void cold_start_is_keyed_to_the_host(void **state)
{
    (void)state;
    char first[AZM_COLDSTART_NAME_MAX], other_worker[AZM_COLDSTART_NAME_MAX], other_host[AZM_COLDSTART_NAME_MAX];
    azm_coldstart_name(4294967295u, 18446744073709551615u, first);
    assert_string_equal(first, "cold-4294967295-18446744073709551615");
    azm_coldstart_name(10, 20, first);
    azm_coldstart_name(10, 20, other_worker);
    azm_coldstart_name(10, 21, other_host); /* the process number is used again by another host */
    uint32_t pid;
    uint64_t start;
    assert_true(azm_coldstart_name_parse(azm_slice_str(first), &pid, &start));
    assert_true(pid == 10 && start == 20);
    assert_false(azm_coldstart_name_parse(AZM_S("cold-10"), &pid, &start));
    assert_false(azm_coldstart_name_parse(AZM_S("cold-4294967296-1"), &pid, &start));
    assert_false(azm_coldstart_name_parse(AZM_S("ring-10-20"), &pid, &start));
    assert_string_equal(first, other_worker);
    assert_string_not_equal(first, other_host);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(name_of_http),
        cmocka_unit_test(method_before_a_kept_path),
        cmocka_unit_test(trigger_decides_type_and_name),
        cmocka_unit_test(outcome_and_result),
        cmocka_unit_test(function_name_and_id),
        cmocka_unit_test(metadata_of_the_app),
        cmocka_unit_test(runtime_version_and_warning),
        cmocka_unit_test(cold_start_is_keyed_to_the_host),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
