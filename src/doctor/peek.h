/* A look into a ring, also one that nobody reads: on a copy of its file, so nothing of it is touched. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/status.h"

struct azm_peek {
    bool alive;       /* its writer is */
    uint64_t waiting; /* events in it that are not answered */
    bool has_source;  /* who writes, and where events go, is known */
    json_t *status;   /* as a status file, as far as a ring alone tells it; the caller's to release */
};

/* AZM_MORE: being made. AZM_UNSUPPORTED: of a newer version. Else err says what is wrong; status is NULL then. */
enum azm_status azm_peek(const char *run_dir, const char *name, struct azm_peek *out,
                         struct azm_error *err) AZM_MUST_CHECK;
