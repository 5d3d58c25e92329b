/* Asks an azimuth hub over HTTP. */
#pragma once

#include "base/status.h"

struct azm_hub_client;
struct json_t;

/* url without a trailing path: http://127.0.0.1:8200. token may be NULL. AZM_BAD_CONFIG: it is no http or https URL. */
enum azm_status azm_hub_client_open(const char *url, const char *token, struct azm_hub_client **out,
                                    struct azm_error *err) AZM_MUST_CHECK;
void azm_hub_client_close(struct azm_hub_client *client);
/* The answer to GET url + path; release it with json_decref. AZM_NETWORK: nobody answers; AZM_NOT_FOUND, AZM_DENIED,
 * AZM_BAD_INPUT: the hub's own words are in err. */
enum azm_status azm_hub_client_get(struct azm_hub_client *client, const char *path, struct json_t **out,
                                   struct azm_error *err) AZM_MUST_CHECK;
