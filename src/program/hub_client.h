/* Asks an azimuth hub over HTTP. */
#pragma once

#include "base/buf.h"

struct azm_hub_client;
struct json_t;

/* url without a trailing path: http://127.0.0.1:8200; for https, ELASTIC_APM_SERVER_CA_CERT_FILE names a file of
 * certificates to trust. token may be NULL. AZM_BAD_CONFIG: it is no http or https URL. */
enum azm_status azm_hub_client_open(const char *url, const char *token, struct azm_hub_client **out,
                                    struct azm_error *err) AZM_MUST_CHECK;
/* The bytes of the answer, borrowed until the next call. */
enum azm_status azm_hub_client_get_file(struct azm_hub_client *client, const char *path, azm_slice *out,
                                        struct azm_error *err) AZM_MUST_CHECK;
/* The answer to POST, also one that tells what is wrong (then the status says so, too); NULL when there is none. */
enum azm_status azm_hub_client_post(struct azm_hub_client *client, const char *path, azm_slice body,
                                    struct json_t **out, struct azm_error *err) AZM_MUST_CHECK;
/* Text in %XX where a query or a path needs it. */
void azm_hub_client_escape(struct azm_buf *out, azm_slice text);

enum { AZM_TRACE_PREFIX_LEAST = 4, AZM_TRACE_ID_MAX = 128 };

/* The id that begins so. AZM_NOT_FOUND: none does; AZM_BAD_INPUT: several do. */
enum azm_status azm_hub_client_find_trace(struct azm_hub_client *client, const char *prefix, char *id, size_t size,
                                          struct azm_error *err) AZM_MUST_CHECK;
void azm_hub_client_close(struct azm_hub_client *client);
/* The answer to GET url + path; release it with json_decref. AZM_NETWORK: nobody answers; AZM_NOT_FOUND, AZM_DENIED,
 * AZM_BAD_INPUT: the hub's own words are in err. */
enum azm_status azm_hub_client_get(struct azm_hub_client *client, const char *path, struct json_t **out,
                                   struct azm_error *err) AZM_MUST_CHECK;
