#include "tap/executable.h"

static const char *const pairs[] = {"FLAVOUR=Plain", "FUNCTIONS_WORKER_DIRECTORY=/srv/worker", "JAVA_HOME=/opt/java",
                                    NULL};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_env env = azm_env_of(pairs);
    struct azm_arena arena;
    azm_slice out;
    azm_arena_init(&arena, 0);
    if (azm_executable_configured(azm_slice_of(data, size), "it", &env, &arena, &out, NULL) == AZM_OK)
        (void)azm_executable_expand(out, &env, &arena);
    azm_arena_dispose(&arena);
    return 0;
}
