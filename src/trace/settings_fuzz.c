/* Any value of any setting (the first byte says which): read, judged, shown. */
#include <stdlib.h>

#include "trace/redact.h"
#include "trace/settings_show.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct one {
    const char *name;
    azm_slice value;
};

static azm_slice get(const void *self, const char *name)
{
    const struct one *one = self;
    return strcmp(name, one->name) == 0 ? one->value : (azm_slice){NULL, 0};
}

static void check(azm_slice line)
{
    for (size_t i = 0; i < line.len; i++)
        if ((unsigned char)line.ptr[i] < ' ')
            abort();
}

static void tell(void *self, azm_slice line)
{
    (void)self;
    check(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct azm_settings settings;
    struct azm_buf shown;
    if (size == 0)
        return 0;
    const struct azm_setting *setting = &azm_setting_table[data[0] % azm_setting_count];
    struct one one = {setting->name, azm_slice_of(data + 1, size - 1)};
    struct azm_env env = {get, &one};
    azm_settings_read(&settings, &env, tell, NULL);
    azm_settings_tell(&env, tell, NULL);
    azm_buf_init(&shown, 1u << 20);
    azm_setting_show(&shown, setting, one.value);
    check(azm_buf_slice(&shown));
    bool secret = setting->kind == AZM_SETTING_SECRET || setting->kind == AZM_SETTING_HEADERS;
    if (secret && one.value.len && !azm_slice_eq(azm_buf_slice(&shown), AZM_REDACTED))
        abort();
    azm_buf_dispose(&shown);
    return 0;
}
