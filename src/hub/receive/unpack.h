/* From an event's JSON, checked before, to the columns it is found by. */
#pragma once

#include "hub/store/batch.h"

struct json_t;

/* The Functions host names itself so in OTLP's resource (its OpenTelemetry set-up): an attribute, and how its text
 * begins. */
#define AZM_HOST_SDK_KEY    "ai.sdk.prefix"
#define AZM_HOST_SDK_PREFIX AZM_S("azurefunctions:")

/* The string at a path of keys, "service.name"; empty when there is none. Borrowed from the JSON. */
azm_slice azm_intake_text(const struct json_t *object, const char *path);

/* Fills everything but kind and raw. Text is copied into the batch's arena. */
void azm_unpack(const struct json_t *object, struct azm_batch *batch, struct azm_event *event);
/* A time of the object in us since 1970 UTC, as a number of them or as RFC 3339. */
int64_t azm_intake_time(const struct json_t *object, const char *key, int64_t otherwise_us);
