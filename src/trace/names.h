/* What an invocation is called and how it is classed, by its trigger.
 * Sources: S2 (name, type, outcome, result, faas.trigger.type); for triggers S2 is silent on, Elastic's specifications
 * for messaging and AWS Lambda. */
#pragma once

#include "base/buf.h"
#include "trace/transaction.h"

struct azm_trigger {
    azm_slice binding;   /* the binding's type, "httpTrigger"; compared without case */
    azm_slice faas_type; /* faas.trigger.type: http, pubsub, datasource, timer, other */
    azm_slice type;      /* of the transaction */
    azm_slice messaging; /* "AzureQueue", for "AzureQueue RECEIVE from orders"; ptr NULL: the function's name serves */
};

/* Never NULL: what is not known is "other". */
const struct azm_trigger *azm_trigger_of(azm_slice binding_type);
bool azm_trigger_is_http(const struct azm_trigger *trigger);

/* "GET /api/products/{id:int?}". prefix: host.json's extensions.http.routePrefix (the default, "api", is the caller's
 * to give; may be empty); route: the template, or the function's name where there is none. Exactly one slash leads and
 * parts it. method empty (not seen on the wire): the path alone. */
void azm_name_http(struct azm_buf *out, azm_slice method, azm_slice prefix, azm_slice route);
/* "GET " before a path that was named alone, in upper case; nothing for an empty method. */
void azm_name_method(struct azm_buf *out, azm_slice method);
/* "AzureQueue RECEIVE from orders", or the function's name when there is no queue to name. */
void azm_name_other(struct azm_buf *out, const struct azm_trigger *trigger, azm_slice queue, azm_slice function);

/* How it ended. failed: the worker reported a failure or cancellation, or none ever came; status_code: 100 to 999, or
 * 0: not known. */
enum azm_outcome azm_outcome_of(bool failed, unsigned status_code);
/* "HTTP 2xx" when there is a status, else "success" or "failure". A constant. */
azm_slice azm_result_of(bool failed, unsigned status_code);
