#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "base/attr.h"
#include "tap/timeout.h"

#define S INT64_C(1000000)

static const struct {
    const char *text;
    bool ok;
    int64_t us;
} texts[] = {
    {"00:05:00", true, 300 * S},
    {" 00:00:01 ", true, S},
    {"1:30", true, 5400 * S},
    {"5", true, 5 * 86400 * S}, /* days, as .NET has it */
    {"-1", true, -86400 * S},   /* without end */
    {"-00:00:01", true, -S},
    {"2.00:00:00", true, 2 * 86400 * S},
    {"1.02:03", true, 93780 * S},
    {"00:00:00.25", true, S / 4},
    {"00:00:01.0000019", true, S + 1},
    {"10675198.23:59:59", true, 922337193599 * S},
    {"10675199", false, 0},
    {"", false, 0},
    {"-", false, 0},
    {"00:05:00x", false, 0},
    {"24:00:00", false, 0},
    {"00:60:00", false, 0},
    {"00:00:60", false, 0},
    {"1.24:00:00", false, 0},
    {"1.5", false, 0},
    {"00:00:00.", false, 0},
    {"00:05:", false, 0},
    {"five minutes", false, 0},
};

static void texts_as_dotnet_reads_them(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(texts); i++) {
        int64_t us = 0;
        print_message("\"%s\"\n", texts[i].text);
        assert_int_equal(azm_timeout_read(azm_slice_str(texts[i].text), &us), texts[i].ok);
        assert_int_equal(us, texts[i].us);
    }
}

static const struct {
    const char *what, *pairs[4], *host_json;
    int64_t us;
} plans[] = {
    {"nothing is said, on a laptop", {NULL}, NULL, 1800 * S},
    {"Consumption, Windows", {"WEBSITE_SKU=Dynamic"}, NULL, 300 * S},
    {"Consumption, Linux", {"CONTAINER_NAME=c"}, NULL, 300 * S},
    {"Flex", {"CONTAINER_NAME=c", "LEGION_SERVICE_HOST=x"}, NULL, 1800 * S},
    {"Flex by its name", {"WEBSITE_SKU=FlexConsumption", "CONTAINER_NAME=c"}, NULL, 1800 * S},
    {"Container Apps", {"CONTAINER_NAME=c", "MANAGED_ENVIRONMENT=e"}, NULL, 1800 * S},
    {"Dedicated on Linux", {"WEBSITE_SKU=Standard", "WEBSITE_INSTANCE_ID=i", "CONTAINER_NAME=c"}, NULL, 1800 * S},
    {"host.json", {NULL}, "00:00:07", 7 * S},
    {"the app setting goes before it", {"AzureFunctionsJobHost__functionTimeout=00:00:09"}, "00:00:07", 9 * S},
    {"its other spelling", {"AzureFunctionsJobHost:functionTimeout=00:00:09"}, "00:00:07", 9 * S},
    {"without end", {NULL}, "-1", 0},
    {"Consumption allows ten minutes", {"WEBSITE_SKU=dynamic"}, "00:10:00", 600 * S},
    {"and no more: the host will not run it", {"WEBSITE_SKU=dynamic"}, "00:10:01", 0},
    {"less than a second: the host will not run it", {NULL}, "00:00:00.9", 0},
    {"what makes no sense: the host will not run it", {NULL}, "soon", 0},
};

static void settings_and_plans(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(plans); i++) {
        struct azm_env env = azm_env_of(plans[i].pairs);
        azm_slice json = plans[i].host_json ? azm_slice_str(plans[i].host_json) : (azm_slice){NULL, 0};
        print_message("%s\n", plans[i].what);
        assert_int_equal(azm_timeout_of(&env, true, json), plans[i].us);
    }
}

/* Then nothing is said of timeouts rather than something wrong. */
static void host_json_was_not_read(void **state)
{
    static const char *const set[] = {"AzureFunctionsJobHost__functionTimeout=00:00:09", NULL}, *const none[] = {NULL};
    (void)state;
    struct azm_env with = azm_env_of(set), without = azm_env_of(none);
    assert_int_equal(azm_timeout_of(&without, false, (azm_slice){NULL, 0}), 0);
    assert_int_equal(azm_timeout_of(&with, false, (azm_slice){NULL, 0}), 9 * S);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(texts_as_dotnet_reads_them),
                                       cmocka_unit_test(settings_and_plans), cmocka_unit_test(host_json_was_not_read)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
