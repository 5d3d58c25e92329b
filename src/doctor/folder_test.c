#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "doctor/folder.h"

static void each_failure_has_its_remedy(void **state)
{
    (void)state;
    static const struct {
        const char *sentence, *mend;
    } rows[] = {
        {"no room for the 1081344 bytes of /t/ring-1-1: No space left on device", "make room on that disk"},
        {"no room for the 1081344 bytes of /t/ring-1-1: Disk quota exceeded", "quota"},
        {"no room for the 1081344 bytes of /t/ring-1-1: File too large", "ulimit -f"},
        {"cannot make the folder /t: Read-only file system", "disk that can be written to"},
        {"the folder /t belongs to user 5; expected it to be ours, user 0", "AZIMUTH_RUN_DIR"},
        {"the folder /t has mode 0755; expected 0700, closed to others", "chmod 0700"},
        {"/t is a symbolic link; expected a real folder", "real folder"},
        {"/t is not a folder", "remove the file"},
        {"AZIMUTH_RUN_DIR is 'x'; expected an absolute path", "begins with /"},
        {"AZIMUTH_RUN_DIR is 600 bytes long; expected less than 512", "shorter"},
        {"cannot make the folder /a/b: No such file or directory", "make the folder above it"},
        {"cannot make /t/ring-1-1: Permission denied", "may write to"},
        {"cannot map the 1081344 bytes of /t: Cannot allocate memory", "AZIMUTH_RUN_DIR"},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++)
        assert_non_null(strstr(azm_folder_mend(azm_slice_str(rows[i].sentence)), rows[i].mend));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(each_failure_has_its_remedy)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
