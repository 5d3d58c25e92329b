#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/store/clickhouse/address.h"

static const struct {
    const char *text, *shown, *user, *password;
} good[] = {
    {"clickhouse://h/db", "clickhouse://h:8123/db", "", ""},
    {"clickhouses://h/db", "clickhouses://h:8443/db", "", ""},
    {"clickhouse://10.0.0.1:9/D_1", "clickhouse://10.0.0.1:9/D_1", "", ""},
    {"clickhouse://u:p@h/db", "clickhouse://h:8123/db", "u", "p"},
    {"clickhouse://u@h:1/db", "clickhouse://h:1/db", "u", ""},
    {"clickhouse://u:a:b@c@h/db", "clickhouse://h:8123/db", "u", "a:b@c"},
    {"clickhouse://u%40x:%2fp%25@h/db", "clickhouse://h:8123/db", "u@x", "/p%"},
    {"clickhouse://u:a/b@h/db", "clickhouse://h:8123/db", "u", "a/b"},
    {"clickhouse://[::1]:81/db", "clickhouse://[::1]:81/db", "", ""},
};

static void parses(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(good); i++) {
        struct azm_clickhouse_address address;
        struct azm_error err;
        if (azm_clickhouse_address_parse(azm_slice_str(good[i].text), &address, &err) != AZM_OK)
            fail_msg("%s: %s", good[i].text, err.text);
        assert_string_equal(address.shown, good[i].shown);
        assert_string_equal(address.user, good[i].user);
        assert_string_equal(address.password, good[i].password);
    }
}

static const struct {
    const char *text, *names;
} bad[] = {
    {"clickhouse://h", "database"},
    {"clickhouse://h/", "database"},
    {"clickhouse://h/a-b", "database"},
    {"clickhouse://h/a;DROP", "database"},
    {"clickhouse://h/db?x=1", "database"},
    {"clickhouse:///db", "host"},
    {"clickhouse://h:0/db", "port"},
    {"clickhouse://h:65536/db", "port"},
    {"clickhouse://h:x/db", "port"},
    {"clickhouse://h:/db", "port"},
    {"clickhouse://h h/db", "host"},
    {"clickhouse://a#b/db", "host"},
    {"clickhouse://[::1/db", "host"},
    {"clickhouse://[]/db", "host"},
    {"clickhouse://u:%0Asecret@h/db", "user"},
    {"clickhouse://u:secret%2@h/db", "user"},
    {"clickhouse://u:secret%zz@h/db", "user"},
};

static void refuses(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(bad); i++) {
        struct azm_clickhouse_address address;
        struct azm_error err = {.text = ""};
        assert_int_equal(azm_clickhouse_address_parse(azm_slice_str(bad[i].text), &address, &err), AZM_BAD_CONFIG);
        if (!strstr(err.text, bad[i].names))
            fail_msg("%s: %s", bad[i].text, err.text);
        assert_null(strstr(err.text, "secret"));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(parses), cmocka_unit_test(refuses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
