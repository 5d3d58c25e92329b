#include "agent/handover.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include "../tests/temp_dir_fixture.h"
#include "os/file.h"

static void versions(void **state)
{
    static const struct {
        const char *a, *b;
        int sign;
    } rows[] = {
        {"1.2.3", "1.2.3", 0},     {"1.2.3", "1.2.10", -1}, {"2", "1.9.9", 1},      {"1", "1.0.0", 0},
        {"1.0.1", "1", 1},         {"", "0.0.0", 0},        {"x", "0", 0},          {"1.x.2", "1.0.3", -1},
        {"1.2-beta", "1.2.1", -1}, {"", "0.1", -1},         {"1...", "1.0.0.0", 0},
    };
    (void)state;
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        int there = azm_version_compare(rows[i].a, rows[i].b), back = azm_version_compare(rows[i].b, rows[i].a);
        assert_int_equal((there > 0) - (there < 0), rows[i].sign);
        assert_int_equal((back > 0) - (back < 0), -rows[i].sign);
    }
}

static void the_same_version_quits(void **state)
{
    struct azm_error err = {AZM_OK, ""};
    (void)state;
    struct azm_lock *first = azm_handover_begin(dir.path, "1.0", &err);
    assert_non_null(first);
    assert_null(azm_handover_begin(dir.path, "1.0", &err));
    assert_int_equal(err.status, AZM_BUSY);
    assert_null(azm_handover_begin(dir.path, "0.9", &err));
    assert_int_equal(err.status, AZM_BUSY);
    assert_false(azm_file_exists(AT("agent.request")));
    azm_lock_release(first);
    first = azm_handover_begin(dir.path, "1.0", &err);
    assert_non_null(first);
    azm_lock_release(first);
}

static void requests(void **state)
{
    static const struct {
        const char *text;
        bool asked, kept;
    } rows[] = {{"1.1\n", true, true}, {"1.0", false, false}, {"0.9", false, false}, {"", false, true}};
    (void)state;
    assert_false(azm_handover_asked(dir.path, "1.0"));
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        assert_int_equal(azm_file_write(AT("agent.request"), azm_slice_str(rows[i].text), 0600, NULL), AZM_OK);
        assert_int_equal(azm_handover_asked(dir.path, "1.0"), rows[i].asked);
        assert_int_equal(azm_file_exists(AT("agent.request")), rows[i].kept);
    }
}

static void no_folder(void **state)
{
    struct azm_error err = {AZM_OK, ""};
    (void)state;
    assert_null(azm_handover_begin("/tmp/azm-there-is-no-such-folder", "1.0", &err));
    assert_int_equal(err.status, AZM_NOT_FOUND);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(versions),
        cmocka_unit_test(the_same_version_quits),
        cmocka_unit_test(requests),
        cmocka_unit_test(no_folder),
    };
    return cmocka_run_group_tests(tests, make_dir, remove_dir);
}
