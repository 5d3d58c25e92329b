/* What an invocation is called, and how it ended.
 * Sources: S2 (name, outcome, result); Elastic's specifications for messaging and Azure Service Bus. */
#pragma once

#include "base/buf.h"
#include "trace/transaction.h"

struct azm_trigger; /* triggers.h */

/* "GET /api/products/{id:int?}". prefix: host.json's extensions.http.routePrefix (the default, "api", is the caller's
 * to give; may be empty); route: the template, or the function's name where there is none. Exactly one slash leads and
 * parts it. method empty (not seen on the wire): the path alone. */
void azm_name_http(struct azm_buf *out, azm_slice method, azm_slice prefix, azm_slice route);
/* "GET " before a path that was named alone, in upper case; nothing for an empty method. */
void azm_name_method(struct azm_buf *out, azm_slice method);
/* "AzureQueue RECEIVE from orders", or the function's name when there is no queue to name. subscription: of a topic,
 * "AzureServiceBus RECEIVE from news/Subscriptions/all"; else empty. */
void azm_name_other(struct azm_buf *out, const struct azm_trigger *trigger, azm_slice queue, azm_slice subscription,
                    azm_slice function);

/* How it ended. failed: the worker reported a failure or cancellation, or none ever came; status_code: 100 to 999, or
 * 0: not known. */
enum azm_outcome azm_outcome_of(bool failed, unsigned status_code);
/* "HTTP 2xx" when there is a status, else "success" or "failure". A constant. */
azm_slice azm_result_of(bool failed, unsigned status_code);
