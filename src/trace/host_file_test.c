#include "trace/host_file.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct {
    const char *name;
    bool good;
    enum azm_host_file kind;
    uint32_t pid;
    uint64_t start;
} rows[] = {
    {"cold-1-2", true, AZM_HOST_FILE_COLD, 1, 2},
    {"functions-4294967295-18446744073709551615", true, AZM_HOST_FILE_FUNCTIONS, 4294967295u, 18446744073709551615u},
    {"functions-4294967296-1", false, AZM_HOST_FILE_COLD, 0, 0},
    {"functions-1-18446744073709551616", false, AZM_HOST_FILE_COLD, 0, 0},
    {"functions-1", false, AZM_HOST_FILE_COLD, 0, 0},
    {"functions-1-", false, AZM_HOST_FILE_COLD, 0, 0},
    {"functions--1", false, AZM_HOST_FILE_COLD, 0, 0},
    {"functions-1-2.123-4.tmp", false, AZM_HOST_FILE_COLD, 0, 0},
    {"ring-1-2", false, AZM_HOST_FILE_COLD, 0, 0},
    {"", false, AZM_HOST_FILE_COLD, 0, 0},
};

static void names_are_read_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        enum azm_host_file kind;
        uint32_t pid;
        uint64_t start;
        char name[AZM_HOST_FILE_NAME_MAX];
        print_message("%s\n", rows[i].name);
        assert_int_equal(azm_host_file_parse(azm_slice_str(rows[i].name), &kind, &pid, &start), rows[i].good);
        if (!rows[i].good)
            continue;
        assert_int_equal(kind, rows[i].kind);
        assert_int_equal(pid, rows[i].pid);
        assert_true(start == rows[i].start);
        azm_host_file_name(kind, pid, start, name);
        assert_string_equal(name, rows[i].name);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_are_read_back)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
