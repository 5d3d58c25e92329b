#include "install/worker_config.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool holds)
{
    if (!holds)
        abort();
}

/* Tapped and undone it is what it was, byte for byte; tapped twice it is what it was tapped once. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_buf tapped, again, undone;
    struct azm_error err;
    azm_slice tap = AZM_S("{WorkerRoot}azimuth/azimuth-tap"), text = azm_slice_of(data, size);
    azm_buf_init(&tapped, AZM_WORKER_CONFIG_MAX * 2);
    azm_buf_init(&again, AZM_WORKER_CONFIG_MAX * 2);
    azm_buf_init(&undone, AZM_WORKER_CONFIG_MAX * 2);
    bool was_ours = azm_worker_config_untap(text, "fuzz", &undone, &err) == AZM_OK;
    azm_buf_clear(&undone);
    if (azm_worker_config_tap(text, "fuzz", tap, &tapped, &err) == AZM_OK) {
        check(azm_worker_config_tap(azm_buf_slice(&tapped), "fuzz", tap, &again, &err) == AZM_OK);
        check(azm_slice_eq(azm_buf_slice(&tapped), azm_buf_slice(&again)));
        check(azm_worker_config_untap(azm_buf_slice(&tapped), "fuzz", &undone, &err) == AZM_OK);
        check(was_ours || azm_slice_eq(azm_buf_slice(&undone), text));
    }
    azm_buf_dispose(&tapped);
    azm_buf_dispose(&again);
    azm_buf_dispose(&undone);
    return 0;
}
