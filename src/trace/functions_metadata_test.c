/* What S2 does not speak of: global labels, odd owner names. The rest is in s2_test.c. */
#include "trace/functions_metadata.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static const struct {
    const char *what, *setting, *labels; /* labels: "key|value|key|value|" */
} rows[] = {
    {"none", NULL, ""},
    {"empty", "", ""},
    {"one", "team=payments", "team|payments|"},
    {"two", "team=payments,tier=1", "team|payments|tier|1|"},
    {"white space around both", " team = pay ments , tier\t=1", "team|pay ments|tier|1|"},
    {"an empty value", "team=", "team||"},
    {"a value with an equals sign", "query=a=b", "query|a=b|"},
    {"of two alike the last counts, in the first one's place", "a=1,b=2,a=3", "a|3|b|2|"},
    {"commas too many", ",a=1,,b=2,", "a|1|b|2|"},
    {"a part without a value: all are ignored, as the warning says", "a=1,b", ""},
};

static struct azm_source source_of(const char *labels, struct azm_arena *arena)
{
    static char pair[65536];
    const char *pairs[] = {pair, NULL};
    struct azm_env env = azm_env_of(pairs);
    struct azm_settings settings;
    struct azm_functions_facts facts = {0};
    struct azm_source source;
    bool ignored;
    snprintf(pair, sizeof pair, "%s=%s", labels ? "ELASTIC_APM_GLOBAL_LABELS" : "NONE", labels ? labels : "");
    azm_settings_read(&settings, &env, NULL, NULL);
    azm_functions_metadata(&source, &settings, &env, &facts, arena, &ignored);
    return source;
}

static void labels(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct azm_arena arena;
        struct azm_buf out;
        azm_arena_init(&arena, 65536);
        azm_buf_init(&out, 1024);
        struct azm_source source = source_of(rows[i].setting, &arena);
        for (size_t l = 0; l < source.labels.count; l++)
            azm_buf_addf(&out, "%.*s|%.*s|", AZM_FMT(source.labels.items[l].key),
                         AZM_FMT(source.labels.items[l].value));
        azm_buf_add_byte(&out, 0);
        print_message("%s\n", rows[i].what);
        assert_string_equal(out.ptr, rows[i].labels);
        azm_buf_dispose(&out);
        azm_arena_dispose(&arena);
    }
}

static void labels_have_limits(void **state)
{
    (void)state;
    struct azm_arena arena;
    struct azm_buf text;
    azm_arena_init(&arena, 65536);
    azm_buf_init(&text, 60000);
    for (unsigned i = 0; i < AZM_LABELS_MAX + 10; i++)
        azm_buf_addf(&text, "k%u=v,", i);
    azm_buf_add_str(&text, "k3=last"); /* still counts: no further one */
    azm_buf_add_byte(&text, 0);
    struct azm_source many = source_of(text.ptr, &arena);
    assert_int_equal(many.labels.count, AZM_LABELS_MAX);
    assert_true(azm_slice_eq(many.labels.items[3].value, AZM_S("last")));
    assert_true(azm_slice_eq(many.labels.items[AZM_LABELS_MAX - 1].key, AZM_S("k63")));

    azm_buf_clear(&text);
    azm_buf_addf(&text, "a=1,b=%0*u,c=2", (int)AZM_LABELS_BYTES_MAX, 0u);
    azm_buf_add_byte(&text, 0);
    struct azm_source big = source_of(text.ptr, &arena);
    assert_int_equal(big.labels.count, 1);
    azm_buf_dispose(&text);
    azm_arena_dispose(&arena);
}

static const struct {
    const char *pairs[5], *name, *version, *environment;
} services[] = {
    {{"OTEL_RESOURCE_ATTRIBUTES=service.name=a,service.version=1,deployment.environment.name=e,team=t"}, "a", "1", "e"},
    {{"OTEL_RESOURCE_ATTRIBUTES=deployment.environment=old", "WEBSITE_SITE_NAME=site"}, "site", "", "old"},
    {{"OTEL_RESOURCE_ATTRIBUTES=service.name=a", "OTEL_SERVICE_NAME=o", "WEBSITE_SITE_NAME=site"}, "o", "", ""},
    {{"OTEL_RESOURCE_ATTRIBUTES=service.name=a%2Fb", "WEBSITE_SITE_NAME=site"}, "a_b", "", ""},
    {{"OTEL_RESOURCE_ATTRIBUTES=service.version=1,deployment.environment.name=e", "ELASTIC_APM_SERVICE_VERSION=2",
      "ELASTIC_APM_ENVIRONMENT=f", "WEBSITE_SITE_NAME=site"},
     "site",
     "2",
     "f"},
    {{"OTEL_RESOURCE_ATTRIBUTES=service.name=a,b", "WEBSITE_SITE_NAME=site"}, "site", "", ""}, /* not valid: none */
};

static void resource_attributes_name_the_service(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(services); i++) {
        struct azm_env env = azm_env_of(services[i].pairs);
        struct azm_settings settings;
        struct azm_functions_facts facts = {0};
        struct azm_source source;
        struct azm_arena arena;
        bool ignored;
        azm_arena_init(&arena, 65536);
        azm_settings_read(&settings, &env, NULL, NULL);
        azm_functions_metadata(&source, &settings, &env, &facts, &arena, &ignored);
        assert_true(azm_slice_eq(source.service_name, azm_slice_str(services[i].name)));
        assert_true(azm_slice_eq(source.service_version, azm_slice_str(services[i].version)));
        assert_true(azm_slice_eq(source.environment, azm_slice_str(services[i].environment)));
        assert_int_equal(source.resource.count, i == 0 ? 4 : i == 4 ? 2 : i == 5 ? 0 : 1);
        azm_arena_dispose(&arena);
    }
}

#define CLOUD "WEBSITE_SITE_NAME=s", "FUNCTIONS_EXTENSION_VERSION=~4", "WEBSITE_OWNER_NAME=sub+rg-Regionwebspace"
static const struct {
    const char *pairs[10], *want;
} platforms[] = {
    {{NULL}, ""},
    {{"WEBSITE_SKU=Dynamic"}, "azure.app.service.sku=Dynamic|"},
    {{"WEBSITE_SKU="}, ""},
    {{"WEBSITE_SKU=ElasticPremium", "WEBSITE_COMPUTE_MODE=Dedicated", "WEBSITE_SLOT_NAME=staging",
      "WEBSITE_HOSTNAME=s.example", "WEBSITE_PLATFORM_VERSION=98.0", "WEBSITE_HOME_STAMPNAME=waws-1"},
     "azure.app.service.sku=ElasticPremium|azure.app.service.compute_mode=Dedicated|azure.app.service.slot=staging|"
     "azure.app.service.stamp=waws-1|azure.app.service.platform_version=98.0|host.name=s.example|"},
    {{"PLATFORM_VERSION=99.1"}, "azure.app.service.platform_version=99.1|"}, /* as Linux has it */
    {{"PLATFORM_VERSION=99.1", "WEBSITE_PLATFORM_VERSION=98.0"}, "azure.app.service.platform_version=98.0|"},
    {{"REGION_NAME=West Europe"}, "cloud.region=West Europe|"},
    {{CLOUD, "REGION_NAME=West Europe"}, ""}, /* it stands in the cloud metadata */
    {{"WEBSITE_AUTH_ENCRYPTION_KEY=k", "AzureWebJobsStorage=secret"}, ""},
};

static void what_the_platform_tells(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(platforms); i++) {
        struct azm_env env = azm_env_of(platforms[i].pairs);
        struct azm_settings settings;
        struct azm_functions_facts facts = {0};
        struct azm_source source;
        struct azm_arena arena;
        struct azm_buf out;
        char text[1024];
        bool ignored;
        azm_arena_init(&arena, 65536);
        azm_buf_init_fixed(&out, text, sizeof text);
        azm_settings_read(&settings, &env, NULL, NULL);
        azm_functions_metadata(&source, &settings, &env, &facts, &arena, &ignored);
        for (size_t p = 0; p < source.platform.count; p++)
            azm_buf_addf(&out, "%.*s=%.*s|", AZM_FMT(source.platform.items[p].key),
                         AZM_FMT(source.platform.items[p].value));
        if (!azm_slice_eq(azm_buf_slice(&out), azm_slice_str(platforms[i].want)))
            fail_msg("row %zu: %.*s", i, AZM_FMT(azm_buf_slice(&out)));
        azm_arena_dispose(&arena);
    }
}

/* A full arena costs labels and name, never the process. */
static void no_room(void **state)
{
    (void)state;
    struct azm_arena arena;
    azm_arena_init(&arena, 1);
    struct azm_source source = source_of("a=1", &arena);
    assert_int_equal(source.labels.count, 0);
    assert_true(source.service_name.len > 0);
    azm_arena_dispose(&arena);
}

static const struct {
    const char *owner, *subscription, *group, *region; /* subscription NULL: not of the form */
} owners[] = {
    {"sub+rg-Regionwebspace", "sub", "rg", "Region"},
    {"sub+rg-Regionwebspace-Linux", "sub", "rg", "Region"},
    {"sub+my_rg-2-West USwebspace-x", "sub", "my_rg-2", "West US"},
    {"sub+rg-RegionWEBSPACE", "sub", "rg", "Region"},
    {"sub+rg-webspace-Regionwebspace-Linux", "sub", "rg-webspace", "Region"},
    {"sub+rg-Region", "sub", "rg", "Region"}, /* no "webspace": nothing to cut */
    {"sub+-Regionwebspace", NULL, NULL, NULL},
    {"sub+rg-webspace", NULL, NULL, NULL},
    {"sub+rgwebspace", NULL, NULL, NULL},
    {"+rg-Regionwebspace", NULL, NULL, NULL},
    {"sub-rg-Regionwebspace", NULL, NULL, NULL},
    {"a+b+c-Regionwebspace", NULL, NULL, NULL},
    {"+", NULL, NULL, NULL},
    {"", NULL, NULL, NULL},
};

static void owner_names(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(owners); i++) {
        struct azm_owner_name got;
        print_message("%s\n", owners[i].owner);
        assert_int_equal(azm_owner_name_parse(azm_slice_str(owners[i].owner), &got), owners[i].subscription != NULL);
        if (!owners[i].subscription)
            continue;
        assert_true(azm_slice_eq(got.subscription, azm_slice_str(owners[i].subscription)));
        assert_true(azm_slice_eq(got.resource_group, azm_slice_str(owners[i].group)));
        assert_true(azm_slice_eq(got.region, azm_slice_str(owners[i].region)));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(labels),
        cmocka_unit_test(labels_have_limits),
        cmocka_unit_test(no_room),
        cmocka_unit_test(what_the_platform_tells),
        cmocka_unit_test(resource_attributes_name_the_service),
        cmocka_unit_test(owner_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
