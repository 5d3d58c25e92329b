/* Records made before there is a ring: it comes out of the relay's way, and some have something to tell before that. */
#pragma once

#include "base/buf.h"
#include "ring/record.h"

#define AZM_EARLY_MAX 65536u /* bytes */

struct azm_early {
    struct azm_buf records; /* each behind its kind and length */
};

struct azm_session;

void azm_early_dispose(struct azm_early *early);
/* Copies the record. False: there is no room for it. */
bool azm_early_add(struct azm_early *early, enum azm_record_kind kind, azm_slice record);
/* Puts them into the session's ring, which is there; the metadata go before them. */
void azm_early_put(struct azm_session *session);
