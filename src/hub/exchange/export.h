/* A trace as a file: to be sent to a colleague, who imports it (import.h), or to another tool.
 * Intake v2: lines of JSON, one of metadata before the events of each process, as they were sent; an event that had no
 * time has the one it was received at. OTLP: lines of JSON as OpenTelemetry's file exporter writes them, an
 * ExportTraceServiceRequest each, then an ExportLogsServiceRequest with logs and errors. What OTLP has no name for goes
 * by Elastic's own, as in the collector's elasticapmintake receiver. */
#pragma once

#include "base/buf.h"
#include "hub/store/reader.h"

enum azm_export_format { AZM_EXPORT_INTAKE, AZM_EXPORT_OTLP };

/* AZM_NOT_FOUND: no such trace. AZM_TOO_BIG: out's ceiling is too low. */
enum azm_status azm_export_trace(struct azm_reader *reader, azm_slice trace_id, enum azm_export_format format,
                                 struct azm_buf *out, struct azm_error *err) AZM_MUST_CHECK;
