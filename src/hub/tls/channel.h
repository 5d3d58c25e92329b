/* TLS of one connection, the server's side: bytes in, bytes out, no socket. With ALPN "h2", which a client must offer.
 */
#pragma once

#include "base/buf.h"

#include <gnutls/gnutls.h>

/* What the connections of a server share. */
struct azm_tls_server {
    gnutls_certificate_credentials_t credentials;
    gnutls_priority_t priorities;
};

struct azm_tls_channel;

/* After azm_certificate_open. */
enum azm_status azm_tls_server_init(struct azm_tls_server *server, struct azm_error *err) AZM_MUST_CHECK;
void azm_tls_server_dispose(struct azm_tls_server *server); /* also one of zeros */

/* NULL: memory is out. The server outlives it. */
struct azm_tls_channel *azm_tls_channel_new(const struct azm_tls_server *server);
void azm_tls_channel_free(struct azm_tls_channel *channel); /* NULL is fine */

/* What came from the client: borrowed until azm_tls_channel_read has said AZM_MORE. */
void azm_tls_channel_feed(struct azm_tls_channel *channel, azm_slice bytes);
/* Shakes hands, then takes out what the client said. AZM_OK: *len bytes are at out; AZM_MORE: all that was fed is used;
 * AZM_END: the client says goodbye; AZM_BAD_INPUT: this is no TLS that we speak, and the connection is over. */
enum azm_status azm_tls_channel_read(struct azm_tls_channel *channel, char *out, size_t size,
                                     size_t *len) AZM_MUST_CHECK;
/* Adds to what is to be sent. After the handshake only. */
enum azm_status azm_tls_channel_write(struct azm_tls_channel *channel, azm_slice bytes) AZM_MUST_CHECK;
bool azm_tls_channel_greeted(const struct azm_tls_channel *channel); /* the handshake is done */
/* What is to be sent to the client, the handshake's messages too; the caller empties it (azm_buf_clear). */
struct azm_buf *azm_tls_channel_output(struct azm_tls_channel *channel);
