#include "tap/functions.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOTHING ((azm_slice){NULL, 0})

static azm_slice numbered(const char *what, unsigned n, char out[32])
{
    return (azm_slice){out, (size_t)snprintf(out, 32, "%s-%u", what, n)};
}

static const char *const settings[] = {"QUEUE=orders-live", "ROUTE=shop/{id}", "EMPTY=", NULL};

static void a_function_is_found_by_id_and_by_name(void **state)
{
    struct azm_functions functions;
    char id[32], name[32];
    (void)state;
    azm_functions_init(&functions, 42);
    assert_null(azm_functions_find(&functions, AZM_S("id-0")));
    for (unsigned n = 0; n < 1000; n++)
        assert_non_null(
            azm_functions_add(&functions, numbered("id", n, id), numbered("name", n, name), NOTHING, NOTHING));
    for (unsigned n = 0; n < 1000; n++) {
        struct azm_function *function = azm_functions_find(&functions, numbered("id", n, id));
        assert_non_null(function);
        assert_true(azm_slice_eq(function->name, numbered("name", n, name)));
    }
    assert_ptr_equal(azm_functions_find_bare(&functions, AZM_S("name-7")),
                     azm_functions_find(&functions, AZM_S("id-7")));
    assert_null(azm_functions_find(&functions, AZM_S("id-1000")));
    assert_null(azm_functions_find_bare(&functions, AZM_S("id-7")));
    azm_functions_clear(&functions);
    assert_null(azm_functions_find(&functions, AZM_S("id-7")));
    assert_int_equal(functions.generation, 1);
    azm_functions_dispose(&functions);
}

/* Loaded again under another id, with its name and trigger type alone. */
static void a_function_inherits_what_is_known_of_its_name(void **state)
{
    struct azm_functions functions;
    const struct azm_env env = azm_env_of(settings);
    const azm_slice http = AZM_S("httpTrigger");
    (void)state;
    azm_functions_init(&functions, 1);
    struct azm_function *known = azm_functions_add(&functions, AZM_S("1"), AZM_S("Hello"), NOTHING, http);
    struct azm_function *again = azm_functions_add(&functions, AZM_S("2"), AZM_S("Hello"), NOTHING, http);
    struct azm_function *changed =
        azm_functions_add(&functions, AZM_S("3"), AZM_S("Hello"), NOTHING, AZM_S("timerTrigger"));
    struct azm_function *other = azm_functions_add(&functions, AZM_S("4"), AZM_S("Other"), NOTHING, http);
    struct azm_function *nameless = azm_functions_add(&functions, AZM_S("5"), NOTHING, NOTHING, http);
    azm_functions_inherit(&functions, again);
    assert_false(again->described); /* nothing is known yet */
    azm_functions_describe(&functions, known, AZM_S("{\"type\":\"httpTrigger\",\"route\":\"%ROUTE%\"}"), &env);
    again->labels = 5;
    azm_functions_inherit(&functions, again);
    assert_true(again->described && azm_slice_eq(again->route, AZM_S("shop/{id}")));
    assert_int_equal(again->labels, 0); /* its names are to be made anew */
    assert_true(azm_slice_eq(again->id, AZM_S("2")));
    azm_functions_inherit(&functions, changed);
    azm_functions_inherit(&functions, other);
    azm_functions_inherit(&functions, nameless);
    assert_false(changed->described || other->described || nameless->described);
    assert_ptr_equal(azm_functions_find_bare(&functions, AZM_S("Hello")), changed);
    assert_null(azm_functions_find_bare(&functions, AZM_S("None")));
    azm_functions_dispose(&functions);
}

static void what_is_told_later_adds_to_what_is_known(void **state)
{
    struct azm_functions functions;
    const struct azm_env env = azm_env_of(settings);
    (void)state;
    azm_functions_init(&functions, 1);
    struct azm_function *f = azm_functions_add(&functions, AZM_S("1"), AZM_S("Hello"), AZM_S("/app"), NOTHING);
    f->labels = 5;
    assert_ptr_equal(azm_functions_add(&functions, AZM_S("1"), NOTHING, NOTHING, AZM_S("httpTrigger")), f);
    assert_int_equal(f->labels, 0); /* its names are to be made anew */
    assert_true(azm_slice_eq(f->name, AZM_S("Hello")) && azm_slice_eq(f->directory, AZM_S("/app")));
    assert_true(azm_slice_eq(f->trigger_type, AZM_S("httpTrigger")));
    assert_false(f->described);
    azm_functions_describe(&functions, f,
                           AZM_S("{\"type\":\"queueTrigger\",\"queueName\":\"%QUEUE%\",\"route\":\"%ROUTE%\"}"), &env);
    assert_true(f->described);
    assert_true(azm_slice_eq(f->trigger_type, AZM_S("queueTrigger")));
    assert_true(azm_slice_eq(f->queue, AZM_S("orders-live")));
    assert_true(azm_slice_eq(f->route, AZM_S("shop/{id}")));
    azm_functions_dispose(&functions);
}

static const struct {
    const char *binding;
    const char *queue; /* NULL: not known */
    bool described;
} bindings[] = {
    {"{\"queueName\":\"plain\"}", "plain", true},
    {"{\"queueName\":\"%NONE%\"}", "%NONE%", true}, /* no such setting: as written */
    {"{\"queueName\":\"%EMPTY%\"}", "%EMPTY%", true},
    {"{\"queueName\":\"a-%QUEUE%-%QUEUE%\"}", "a-orders-live-orders-live", true},
    {"{\"queueName\":\"%%\"}", "%%", true},
    {"{\"queueName\":7}", NULL, true},
    {"{\"queueName\":", NULL, false},
    {"[]", NULL, true},
    {"", NULL, false},
};

static void bindings_of_all_kinds(void **state)
{
    const struct azm_env env = azm_env_of(settings);
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(bindings); i++) {
        struct azm_functions functions;
        azm_functions_init(&functions, 1);
        struct azm_function *f = azm_functions_add(&functions, AZM_S("1"), AZM_S("f"), NOTHING, AZM_S("queueTrigger"));
        print_message("%s\n", bindings[i].binding);
        azm_functions_describe(&functions, f, azm_slice_str(bindings[i].binding), &env);
        assert_int_equal(f->described, bindings[i].described);
        if (bindings[i].queue)
            assert_true(azm_slice_eq(f->queue, azm_slice_str(bindings[i].queue)));
        else
            assert_null(f->queue.ptr);
        azm_functions_dispose(&functions);
    }
}

static const struct {
    const char *type, *binding, *queue, *label; /* label: the first one; NULL: not known */
} places[] = {
    {"serviceBusTrigger", "{\"queueName\":\"q\"}", "q", NULL},
    {"serviceBusTrigger", "{\"topicName\":\"t\",\"subscriptionName\":\"%QUEUE%\"}", "t", "orders-live"},
    {"SERVICEBUSTRIGGER", "{\"TopicName\":\"t\"}", "t", NULL},
    {"blobTrigger", "{\"path\":\"images/{name}.png\"}", "images", NULL},
    {"blobTrigger", "{\"path\":\"images\"}", "images", NULL},
    {"blobTrigger", "{\"path\":\"{container}/x\"}", NULL, NULL},
    {"cosmosDBTrigger", "{\"collectionName\":\"old\",\"databaseName\":\"d\"}", "old", "d"},
    {"timerTrigger", "{\"schedule\":\"%QUEUE%\",\"queueName\":\"no\"}", NULL, "orders-live"},
    {"nobodyKnowsTrigger", "{\"queueName\":\"no\"}", NULL, NULL},
};

static void same(azm_slice text, const char *expected)
{
    assert_int_equal(text.ptr != NULL, expected != NULL);
    assert_true(azm_slice_eq(text, azm_slice_str(expected)));
}

static void places_and_labels_of_triggers(void **state)
{
    const struct azm_env env = azm_env_of(settings);
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(places); i++) {
        struct azm_functions functions;
        azm_functions_init(&functions, 1);
        struct azm_function *f =
            azm_functions_add(&functions, AZM_S("1"), AZM_S("f"), NOTHING, azm_slice_str(places[i].type));
        print_message("%s\n", places[i].binding);
        azm_functions_describe(&functions, f, azm_slice_str(places[i].binding), &env);
        same(f->queue, places[i].queue);
        same(f->binding_labels[0], places[i].label);
        azm_functions_dispose(&functions);
    }
}

/* A host may load the same functions again and again. */
static void what_is_told_again_costs_no_memory(void **state)
{
    struct azm_functions functions;
    const struct azm_env env = azm_env_of(settings);
    size_t total = 0, used = 0;
    (void)state;
    azm_functions_init(&functions, 1);
    for (unsigned round = 0; round < 10000; round++) {
        struct azm_function *f =
            azm_functions_add(&functions, AZM_S("1"), AZM_S("Hello"), AZM_S("/app"), AZM_S("queueTrigger"));
        azm_functions_describe(&functions, f, AZM_S("{\"type\":\"queueTrigger\",\"queueName\":\"%QUEUE%\"}"), &env);
        if (round == 0) {
            total = functions.arena.total;
            used = functions.arena.used;
            f->labels = 5;
        }
        assert_int_equal(functions.arena.total, total);
        assert_int_equal(functions.arena.used, used);
        assert_int_equal(f->labels, 5);
    }
    azm_functions_dispose(&functions);
}

static void there_is_an_end_to_them(void **state)
{
    struct azm_functions functions;
    char id[32], text[64 * 1024];
    unsigned n = 0;
    (void)state;
    azm_functions_init(&functions, 1);
    while (azm_functions_add(&functions, numbered("id", n, id), NOTHING, NOTHING, NOTHING))
        n++;
    assert_int_equal(n, AZM_FUNCTIONS_MAX);
    assert_non_null(azm_functions_find(&functions, AZM_S("id-0")));
    assert_null(azm_functions_find(&functions, numbered("id", n, id)));
    azm_functions_clear(&functions);
    /* Text has an end of its own; what is known stays known. */
    memset(text, 'x', sizeof text);
    for (n = 0; n < 1000; n++)
        azm_functions_add(&functions, numbered("id", n, id), (azm_slice){text, sizeof text - n}, NOTHING, NOTHING);
    assert_true(functions.arena.total <= 16u << 20);
    struct azm_function *first =
        azm_functions_add(&functions, AZM_S("id-0"), (azm_slice){text, 60000}, NOTHING, NOTHING);
    assert_int_equal(first->name.len, sizeof text);
    azm_functions_dispose(&functions);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_function_is_found_by_id_and_by_name),
        cmocka_unit_test(a_function_inherits_what_is_known_of_its_name),
        cmocka_unit_test(what_is_told_later_adds_to_what_is_known),
        cmocka_unit_test(bindings_of_all_kinds),
        cmocka_unit_test(places_and_labels_of_triggers),
        cmocka_unit_test(what_is_told_again_costs_no_memory),
        cmocka_unit_test(there_is_an_end_to_them),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
