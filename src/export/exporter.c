#include "export/exporter.h"

const struct azm_exporter_kind *azm_exporter_for(enum azm_destination_kind kind)
{
    switch (kind) {
    case AZM_DESTINATION_ELASTIC: return &azm_exporter_elastic;
    case AZM_DESTINATION_NONE:
    case AZM_DESTINATION_OTLP: return NULL;
    }
    return NULL;
}
