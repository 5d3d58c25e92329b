/* Bodies to a server: POST to the exporter's URL. For Elastic gzip'd unless the server is on this machine (then plain
 * and without Content-Encoding, as its specification wants it), for OTLP when a setting says so. ApiKey wins over
 * Bearer; the headers of an OTLP destination are added, but for those that say what the body is. Redirects are not
 * followed: the credentials were given for this address. HTTP(S) proxies are taken from the usual variables, but never
 * for a server on this machine. Where a destination has several servers, they are asked in order until one answers, and
 * that one is asked first the next time. */
#pragma once

#include "export/exporter.h"
#include "export/sender.h"

/* Once per process, before any thread is started. */
enum azm_status azm_http_setup(struct azm_error *err) AZM_MUST_CHECK;

/* Copies what it needs of destination. NULL: err says why (a URL that cannot be used, no memory). */
struct azm_sender *azm_http_open(const struct azm_exporter_kind *kind, const struct azm_destination *destination,
                                 struct azm_error *err);
/* Appends the URL without user, password and query: what may be shown. */
void azm_http_public_url(azm_slice url, struct azm_buf *out);
/* "apm-agent-azimuth/1.0 (service version)", with what a comment may not hold replaced by '_'. Source: elastic/apm
 * specs, user_agent.feature. */
void azm_http_user_agent(struct azm_buf *out, const struct azm_source *source);
