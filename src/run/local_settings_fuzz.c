#include "run/local_settings.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_arena arena;
    struct azm_local_settings settings;
    azm_arena_init(&arena, 0);
    (void)!azm_local_settings_parse(azm_slice_of(data, size), "fuzz", &arena, &settings, NULL);
    (void)azm_env_get(&settings.env, "FUNCTIONS_WORKER_RUNTIME");
    azm_arena_dispose(&arena);
    return 0;
}
