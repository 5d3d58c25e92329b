/* OTLP/HTTP: an ExportTraceServiceRequest with one resource (the process) and one scope, whose spans are our
 * transactions, or an ExportLogsServiceRequest of the same shape, whose records are logs and the errors of no
 * invocation (that of one is an event of its span); as protobuf, or as JSON. Names are those of OpenTelemetry's
 * semantic conventions for faas, cloud, http, url, messaging and resources; what has no name there keeps its own and
 * becomes a label elsewhere. An attribute's text is as long as it is: no limit is OpenTelemetry's default. Spans that
 * were not sampled are not sent. Sources: opentelemetry-proto; OpenTelemetry specification and semantic conventions
 * (1.44); elastic/apm-data (what is a transaction, and its type). */
#pragma once

#include "export/exporter.h"
#include "otlp/write.h"

/* Writes the message `resource` (1): who the spans are from. What the user named in OTEL_RESOURCE_ATTRIBUTES goes
 * before what was detected. */
void azm_otlp_resource(struct azm_otlp_writer *w, const struct azm_source *source);
/* Writes one element of `spans` (2). It has ids. */
void azm_otlp_span(struct azm_otlp_writer *w, const struct azm_transaction *transaction);
/* One element of `log_records` (2) each. */
void azm_otlp_log(struct azm_otlp_writer *w, const struct azm_log_event *log);
void azm_otlp_error(struct azm_otlp_writer *w, const struct azm_error_event *error);

/* exception.type, .message and .stacktrace, as elements of the attributes that have number `list`. */
void azm_otlp_exception(struct azm_otlp_writer *w, uint32_t list, const struct azm_exception *exception);
/* Its type, or what its stack's text says it is. */
azm_slice azm_otlp_exception_type(const struct azm_exception *exception);

/* The whole address when that was given, else the signal's path ("/v1/traces") below the server's; with a scheme. */
void azm_otlp_url(struct azm_buf *out, const struct azm_destination *destination, const char *path);
/* An Export...ServiceResponse or a google.rpc.Status, as protobuf or JSON. Only 429, 502, 503, 504 and no answer at
 * all are worth another attempt. */
void azm_otlp_reply(unsigned http_status, azm_slice body, uint64_t events, struct azm_reply *out);
