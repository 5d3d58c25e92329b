#include "export/exporter.h"

const struct azm_exporter_kind *azm_exporter_for(const struct azm_destination *destination, enum azm_signal signal)
{
    static const struct azm_exporter_kind *const otlp[AZM_SIGNALS][2] = {
        [AZM_SIGNAL_TRACES] = {&azm_exporter_otlp, &azm_exporter_otlp_json},
        [AZM_SIGNAL_LOGS] = {&azm_exporter_otlp_logs, &azm_exporter_otlp_logs_json}};
    switch (destination->kind) {
    case AZM_DESTINATION_ELASTIC: return signal == AZM_SIGNAL_TRACES ? &azm_exporter_elastic : NULL;
    case AZM_DESTINATION_OTLP: return otlp[signal][destination->protocol == AZM_OTLP_JSON];
    case AZM_DESTINATION_NONE: return NULL;
    }
    return NULL;
}

const struct azm_exporter_kind *azm_exporter_named(const char *name)
{
    static const struct azm_exporter_kind *const all[] = {&azm_exporter_elastic, &azm_exporter_otlp,
                                                          &azm_exporter_otlp_json, &azm_exporter_otlp_logs,
                                                          &azm_exporter_otlp_logs_json};
    for (size_t i = 0; i < AZM_COUNT(all); i++)
        if (strcmp(all[i]->name, name) == 0)
            return all[i];
    return NULL;
}

void azm_exporter_url(struct azm_buf *out, azm_slice url, const char *path)
{
    url = azm_slice_take(url, azm_slice_find(url, '#'));
    url = azm_slice_take(url, azm_slice_find(url, '?'));
    while (url.len && url.ptr[url.len - 1] == '/')
        url.len--;
    azm_buf_add(out, url);
    azm_buf_add_str(out, path);
}
