/* From an event's JSON, checked before, to the columns it is found by. */
#pragma once

#include "hub/store/batch.h"

struct json_t;

/* The string at a path of keys, "service.name"; empty when there is none. Borrowed from the JSON. */
azm_slice azm_intake_text(const struct json_t *object, const char *path);

/* Fills everything but kind and raw. Text is copied into the batch's arena. */
void azm_unpack(const struct json_t *object, struct azm_batch *batch, struct azm_event *event);
