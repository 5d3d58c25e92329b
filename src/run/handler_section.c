#include "run/handler_section.h"

#include "base/buf.h"
#include "json/read.h"
#include "os/file.h"

const char *azm_run_handler_section(const char *folder, struct azm_arena *arena)
{
    static const char *const sections[] = {"customHandler", "httpWorker"};
    const char *path = azm_arena_printf(arena, "%s/host.json", folder), *found = NULL;
    struct azm_buf text;
    json_t *host = NULL;
    azm_buf_init(&text, AZM_HOST_JSON_MAX);
    if (path && azm_file_read(path, &text, NULL) == AZM_OK &&
        azm_json_parse_config(azm_buf_slice(&text), path, &host, NULL) == AZM_OK)
        for (size_t i = 0; i < AZM_COUNT(sections) && !found; i++)
            found = json_is_object(azm_json_get(host, sections[i])) ? sections[i] : NULL;
    json_decref(host);
    azm_buf_dispose(&text);
    return found;
}
