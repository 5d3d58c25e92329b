/* The set-up and tear-down of a test program with one folder of its own: `dir`, and AT("name") for a path in it. */
#pragma once

#include "temp_dir.h"

static struct azm_temp_dir dir;
#define AT(name) (azm_temp_dir_at(&dir, name).text)

static int make_dir(void **state)
{
    (void)state;
    dir = azm_temp_dir_make();
    return 0;
}

static int remove_dir(void **state)
{
    (void)state;
    azm_temp_dir_remove(&dir);
    return 0;
}
