#include "tap/handler_routes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

/* The routes from the one that fits best; those behind "|" do not fit. */
static const struct {
    const char *prefix, *path, *routes[5];
} rows[] = {
    {"api", "/api/hello", {"hello", "{name}", "{*rest}", "|", "hello/x"}},
    {"api", "/API/Hello/", {"hello", "|", "hell", "api/hello"}},
    {"api", "/hello", {"|", "hello"}},
    {"", "/hello", {"hello", "{a:alpha}", "{a}", "|", "{a}/{b}"}},
    {"/v1/api/", "/v1/api/hello", {"/hello/", "|", "x"}},
    {"api",
     "/api/products/tv/7",
     {"products/{category:alpha}/{id:int?}", "products/{category}/{id?}", "products/{*path}", "|", "products/{id}"}},
    {"api",
     "/api/products/tv",
     {"products/tv", "products/{category:alpha}/{id:int?}", "products/{c}/{id=1}", "|", "products"}},
    {"api", "/api/products", {"products", "products/{*all}", "{a}", "|", "products/{id}"}},
    {"api", "/api/files/a.txt", {"files/a.txt", "files/{name}.txt", "files/{name}", "|", "files/b.{ext}"}},
    {"api", "/api/n/12", {"n/{id:regex(^\\d{{1,3}}/?$)}", "n/{id}", "|", "n"}},
    {"", "/ann", {"{a:alpha:minlength(2)}", "{a}", "|", "{a:int}", "{a:length(1,2)?}"}},
    {"", "/-7", {"{a:int}", "{a}", "|", "{a:min(0)}", "{a:bool}"}},
    {"", "/7", {"{a:range(1,9):max(8)}", "{a}", "|", "{a:range(8,9)}", "{a:maxlength(0)}"}},
    {"", "/99999999999", {"{a:long=1}", "{a}", "|", "{a:int=1}", "{a:guid}"}},
    {"", "/0af76519-16cd-43dd-8448-eb211c80319c", {"{a:guid}", "|", "{a:alpha}", "{a:length(3)}"}},
    {"", "/true", {"{a:bool}", "{a}", "|", "{a:guid}"}},
    {"", "/2026", {"{a:datetime}", "{a}"}},
    {"api", "/api", {"|", "hello", "{id}"}},
    {"api", "/", {"|", "hello", "{*all}"}},
};

static void the_best_one_fits_best(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        uint64_t last = 0;
        bool fits = true;
        for (size_t k = 0; k < AZM_COUNT(rows[i].routes) && rows[i].routes[k]; k++) {
            azm_slice route = azm_slice_str(rows[i].routes[k]);
            if (azm_slice_eq(route, AZM_S("|"))) {
                fits = false;
                continue;
            }
            uint64_t fit = azm_route_fit(azm_slice_str(rows[i].prefix), route, azm_slice_str(rows[i].path));
            if (fits ? fit == AZM_ROUTE_NONE || fit < last || (k && fit == last) : fit != AZM_ROUTE_NONE)
                fail_msg("%s: %s", rows[i].path, rows[i].routes[k]);
            last = fit;
        }
    }
}

/* More segments than are weighed, and braces that are never closed. */
static void odd_templates_do_no_harm(void **state)
{
    const char *longest = "a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/{b}";
    (void)state;
    assert_true(azm_route_fit(AZM_S(""), azm_slice_str(longest), azm_slice_str(longest)) != AZM_ROUTE_NONE);
    assert_true(azm_route_fit(AZM_S(""), AZM_S("{a/b"), AZM_S("/x/b")) == AZM_ROUTE_NONE);
    assert_true(azm_route_fit(AZM_S(""), AZM_S("}{"), AZM_S("/x")) == AZM_ROUTE_NONE);
    assert_true(azm_route_fit(AZM_S(""), AZM_S("{}"), AZM_S("/{}")) == 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_best_one_fits_best),
        cmocka_unit_test(odd_templates_do_no_harm),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
