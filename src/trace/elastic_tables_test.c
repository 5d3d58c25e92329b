/* Elastic's own cross-agent tables, where they are at hand: AZM_SHARED names the folder that holds data/apm-specs, or
 * it is beside the checkout. Without them every test says that it was skipped. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/wildcard.h"
#include "json/read.h"
#include "trace/functions_metadata.h"
#include "trace/tracestate.h"

/* The file's text without the lines that begin with //. NULL, said aloud, where it is not there. */
static char *table(const char *name)
{
    char path[1024];
    const char *shared = getenv("AZM_SHARED");
    snprintf(path, sizeof path, "%s/data/apm-specs/%s", shared ? shared : "../../../shared", name);
    FILE *file = fopen(path, "r");
    if (!file) {
        print_message("SKIP: no %s (set AZM_SHARED)\n", name);
        return NULL;
    }
    static char line[65536];
    struct azm_buf text;
    azm_buf_init(&text, 1 << 20);
    while (fgets(line, sizeof line, file))
        if (strncmp(line, "//", 2) != 0)
            azm_buf_add_str(&text, line);
    fclose(file);
    azm_buf_add_byte(&text, 0);
    assert_false(text.failed);
    return text.ptr;
}

static json_t *parsed(char *text, const char *name)
{
    struct azm_error err;
    json_t *root = NULL;
    if (azm_json_parse(azm_slice_str(text), name, &root, &err) != AZM_OK)
        fail_msg("%s", err.text);
    return root;
}

static void wildcards(void **state)
{
    (void)state;
    char *text = table("wildcard_matcher_tests.json");
    if (!text)
        skip();
    json_t *root = parsed(text, "wildcards"), *patterns, *texts, *expected;
    const char *group, *pattern, *subject;
    unsigned rows = 0;
    json_object_foreach(root, group, patterns) json_object_foreach(patterns, pattern, texts)
        json_object_foreach(texts, subject, expected)
    {
        bool got = azm_wildcard_match(azm_slice_str(pattern), azm_slice_str(subject));
        if (got != json_is_true(expected))
            fail_msg("%s: \"%s\" on \"%s\" gives %d", group, pattern, subject, got);
        rows++;
    }
    print_message("%u rows\n", rows);
    assert_true(rows > 40);
    json_decref(root);
    free(text);
}

static void w3c_headers(void **state)
{
    (void)state;
    char *text = table("w3c_distributed_tracing.json");
    if (!text)
        skip();
    json_t *root = parsed(text, "w3c");
    for (size_t i = 0; i < json_array_size(root); i++) {
        const json_t *row = json_array_get(root, i), *headers = json_object_get(row, "headers");
        struct azm_pair pairs[64];
        struct azm_pairs all = {pairs, json_array_size(headers)};
        struct azm_trace_context context;
        assert_true(all.count <= 64);
        for (size_t h = 0; h < all.count; h++) {
            const json_t *header = json_array_get(headers, h);
            pairs[h] =
                (struct azm_pair){azm_json_slice(json_array_get(header, 0)), azm_json_slice(json_array_get(header, 1))};
        }
        bool valid = azm_traceparent_of_headers(all, &context);
        if (valid != json_is_true(json_object_get(row, "is_traceparent_valid")))
            fail_msg("row %zu: traceparent is taken as %d", i, valid);
        const json_t *state_valid = json_object_get(row, "is_tracestate_valid");
        if (state_valid && azm_tracestate_of_headers(all).valid != json_is_true(state_valid))
            fail_msg("row %zu: tracestate is taken as %d", i, !json_is_true(state_valid));
    }
    print_message("%zu rows\n", json_array_size(root));
    assert_true(json_array_size(root) > 70);
    json_decref(root);
    free(text);
}

/* A line of a table in the feature file: "| a | b |". */
static bool cells(azm_slice line, azm_slice *a, azm_slice *b)
{
    line = azm_slice_trim(line);
    if (!azm_slice_starts(line, AZM_S("|")))
        return false;
    azm_slice rest = azm_slice_drop(line, 1);
    return azm_slice_split(&rest, '|', a) && azm_slice_split(&rest, '|', b) &&
           ((*a = azm_slice_trim(*a)), (*b = azm_slice_trim(*b)), true);
}

static azm_slice cloud_field(const struct azm_source *source, azm_slice name)
{
    const struct {
        azm_slice name, value;
    } fields[] = {
        {AZM_S("account.id"), source->cloud_account_id},     {AZM_S("provider"), source->cloud_provider},
        {AZM_S("service.name"), source->cloud_service_name}, {AZM_S("instance.name"), source->cloud_instance_name},
        {AZM_S("project.name"), source->cloud_project_name}, {AZM_S("region"), source->cloud_region}};
    for (size_t i = 0; i < AZM_COUNT(fields); i++)
        if (azm_slice_eq(fields[i].name, name))
            return fields[i].value;
    fail_msg("no field %.*s", AZM_FMT(name));
    return name;
}

static void functions_metadata(void **state)
{
    (void)state;
    char *text = table("azure_functions_metadata.feature"), variables[8][256];
    if (!text)
        skip();
    const char *env_pairs[9] = {NULL};
    azm_slice rest = azm_slice_str(text), line, a, b;
    struct azm_source source = {0};
    struct azm_arena arena;
    unsigned scenarios = 0, checks = 0;
    size_t count = 0;
    azm_arena_init(&arena, 0);
    while (azm_slice_split(&rest, '\n', &line)) {
        line = azm_slice_trim(line);
        if (azm_slice_starts(line, AZM_S("Scenario"))) {
            scenarios++;
            count = 0;
        } else if (scenarios && cells(line, &a, &b) && !azm_slice_eq(a, AZM_S("name"))) {
            assert_true(count < 8);
            snprintf(variables[count], sizeof variables[count], "%.*s=%.*s", AZM_FMT(a), AZM_FMT(b));
            env_pairs[count] = variables[count];
            env_pairs[++count] = NULL;
        } else if (azm_slice_starts(line, AZM_S("When cloud metadata"))) {
            struct azm_env env = azm_env_of(env_pairs);
            struct azm_settings settings;
            struct azm_functions_facts facts = {0};
            bool ignored;
            azm_settings_read(&settings, &env, NULL, NULL);
            azm_functions_metadata(&source, &settings, &env, &facts, &arena, &ignored);
        } else if (azm_slice_starts(line, AZM_S("Then cloud metadata is null"))) {
            assert_null(source.cloud_provider.ptr);
            checks++;
        } else if (azm_slice_starts(line, AZM_S("And cloud metadata '"))) {
            azm_slice field = azm_slice_drop(line, sizeof "And cloud metadata '" - 1);
            azm_slice value = azm_slice_drop(field, azm_slice_find(field, '\'') + sizeof "' is '" - 1);
            field = azm_slice_take(field, azm_slice_find(field, '\''));
            value = azm_slice_take(value, azm_slice_find(value, '\''));
            if (!azm_slice_eq(cloud_field(&source, field), value))
                fail_msg("%.*s is not %.*s", AZM_FMT(field), AZM_FMT(value));
            checks++;
        }
    }
    print_message("%u scenarios, %u checks\n", scenarios, checks);
    assert_int_equal(scenarios, 6);
    assert_true(checks >= 16);
    azm_arena_dispose(&arena);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(wildcards),
        cmocka_unit_test(w3c_headers),
        cmocka_unit_test(functions_metadata),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
