/* What the trigger told (trigger_read.h), from the request to the transaction. */
#pragma once

#include "tap/session_state.h"
#include "tap/trigger_read.h"

#define AZM_TRIGGER_LABELS_ALL                                                                                         \
    (AZM_TRIGGER_PAIRS + AZM_TRIGGER_LABELS + 4u + AZM_ENDING_LABELS) /* 4: durable, batch_size, two of retry */

/* Borrowed by the transaction. */
struct azm_trigger_parts {
    struct azm_pair labels[AZM_TRIGGER_LABELS_ALL], headers[AZM_TRIGGER_PAIRS];
    char numbers[3][24];
};

/* Copies what the transaction will need. The invocation's clock must be set. */
void azm_trigger_keep(struct azm_session *session, struct azm_invocation *invocation,
                      const struct azm_trigger_facts *facts);
/* Fills message, origin, labels, links and faas.trigger.request_id. function may be one that nobody told of. */
void azm_trigger_tell(struct azm_session *session, const struct azm_invocation *invocation,
                      const struct azm_function *function, struct azm_trigger_parts *parts,
                      struct azm_transaction *transaction);
