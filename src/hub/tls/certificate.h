/* The certificate that the hub shows, with its private key, from two PEM files; files that are renewed are taken up
 * while the hub runs. azm_certificate_show from any thread, the others from one. */
#pragma once

#include "base/status.h"

#include <gnutls/abstract.h>

/* For gnutls_priority_init: TLS 1.2 and newer, and no key exchange that a stolen key opens afterwards. */
#define AZM_TLS_PRIORITIES "NORMAL:-VERS-ALL:+VERS-TLS1.3:+VERS-TLS1.2:-RSA:%SERVER_PRECEDENCE"

/* cert_path: the server's certificate first, then those between it and the root. AZM_BAD_CONFIG names the file and what
 * is wrong with it: missing, unreadable, no certificate, no key (or one with a password), or a key of another
 * certificate. One that has expired, or is not valid yet, is shown all the same; the log says so. Only one at a time in
 * a process: libmicrohttpd hands nothing of ours to azm_certificate_show. */
enum azm_status azm_certificate_open(const char *cert_path, const char *key_path, struct azm_error *err) AZM_MUST_CHECK;
/* When no connection asks for it any more. */
void azm_certificate_close(void);
/* Reads the files again; connections from now on see what is new. Files that are no good (one of the two is renewed
 * first, say) change nothing, and the log names them once. */
void azm_certificate_renew(void);

/* For gnutls_certificate_set_retrieve_function3. */
gnutls_certificate_retrieve_function3 azm_certificate_show;
