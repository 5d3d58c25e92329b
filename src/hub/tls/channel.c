#include "hub/tls/channel.h"

#include "hub/tls/certificate.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>

enum { OUTPUT_MAX = 4 * 1024 * 1024 };

struct azm_tls_channel {
    gnutls_session_t session;
    azm_slice input;
    struct azm_buf output;
    bool greeted;
};

enum azm_status azm_tls_server_init(struct azm_tls_server *server, struct azm_error *err)
{
    *server = (struct azm_tls_server){.credentials = NULL};
    int rc = gnutls_certificate_allocate_credentials(&server->credentials);
    if (rc == 0)
        rc = gnutls_priority_init(&server->priorities, AZM_TLS_PRIORITIES, NULL);
    if (rc != 0) {
        azm_tls_server_dispose(server);
        return azm_fail(err, AZM_IO, "TLS cannot be set up: %s", gnutls_strerror(rc));
    }
    gnutls_certificate_set_retrieve_function3(server->credentials, azm_certificate_show);
    return AZM_OK;
}

void azm_tls_server_dispose(struct azm_tls_server *server)
{
    if (server->credentials)
        gnutls_certificate_free_credentials(server->credentials);
    if (server->priorities)
        gnutls_priority_deinit(server->priorities);
    *server = (struct azm_tls_server){.credentials = NULL};
}

static ssize_t pull(gnutls_transport_ptr_t self, void *out, size_t size)
{
    struct azm_tls_channel *channel = self;
    azm_slice piece = azm_slice_take(channel->input, size);
    if (piece.len == 0) {
        gnutls_transport_set_errno(channel->session, EAGAIN);
        return -1;
    }
    memcpy(out, piece.ptr, piece.len);
    channel->input = azm_slice_drop(channel->input, piece.len);
    return (ssize_t)piece.len;
}

static ssize_t push(gnutls_transport_ptr_t self, const void *bytes, size_t len)
{
    struct azm_tls_channel *channel = self;
    azm_buf_add(&channel->output, azm_slice_of(bytes, len));
    if (!channel->output.failed)
        return (ssize_t)len;
    gnutls_transport_set_errno(channel->session, EIO);
    return -1;
}

/* GnuTLS asks only for sessions with a time-out, which ours do not have. */
static int never_wait(gnutls_transport_ptr_t self, unsigned ms)
{
    (void)ms;
    return ((struct azm_tls_channel *)self)->input.len > 0;
}

static int set_up(struct azm_tls_channel *channel, const struct azm_tls_server *server)
{
    static unsigned char h2[] = "h2";
    const gnutls_datum_t protocol = {h2, sizeof h2 - 1};
    int rc = gnutls_init(&channel->session, GNUTLS_SERVER | GNUTLS_NONBLOCK | GNUTLS_NO_SIGNAL);
    if (rc != 0)
        return rc;
    gnutls_transport_set_ptr(channel->session, channel);
    gnutls_transport_set_pull_function(channel->session, pull);
    gnutls_transport_set_push_function(channel->session, push);
    gnutls_transport_set_pull_timeout_function(channel->session, never_wait);
    rc = gnutls_priority_set(channel->session, server->priorities);
    if (rc == 0)
        rc = gnutls_credentials_set(channel->session, GNUTLS_CRD_CERTIFICATE, server->credentials);
    return rc == 0 ? gnutls_alpn_set_protocols(channel->session, &protocol, 1, GNUTLS_ALPN_MANDATORY) : rc;
}

struct azm_tls_channel *azm_tls_channel_new(const struct azm_tls_server *server)
{
    struct azm_tls_channel *channel = calloc(1, sizeof *channel);
    if (!channel)
        return NULL;
    azm_buf_init(&channel->output, OUTPUT_MAX);
    if (set_up(channel, server) == 0)
        return channel;
    azm_tls_channel_free(channel);
    return NULL;
}

void azm_tls_channel_free(struct azm_tls_channel *channel)
{
    if (!channel)
        return;
    if (channel->session)
        gnutls_deinit(channel->session);
    azm_buf_dispose(&channel->output);
    free(channel);
}

void azm_tls_channel_feed(struct azm_tls_channel *channel, azm_slice bytes)
{
    channel->input = bytes;
}

/* A client that offers no ALPN at all gets no error from GnuTLS. */
static bool speaks_h2(const struct azm_tls_channel *channel)
{
    gnutls_datum_t protocol;
    return gnutls_alpn_get_selected_protocol(channel->session, &protocol) == 0 &&
           azm_slice_eq(azm_slice_of(protocol.data, protocol.size), AZM_S("h2"));
}

/* Tells the client why, as far as it listens. */
static enum azm_status give_up(struct azm_tls_channel *channel, int rc)
{
    if (rc == GNUTLS_E_NO_APPLICATION_PROTOCOL)
        gnutls_alert_send(channel->session, GNUTLS_AL_FATAL, GNUTLS_A_NO_APPLICATION_PROTOCOL);
    else
        gnutls_alert_send_appropriate(channel->session, rc);
    return AZM_BAD_INPUT;
}

static enum azm_status greet(struct azm_tls_channel *channel)
{
    int rc;
    do
        rc = gnutls_handshake(channel->session);
    while (rc == GNUTLS_E_INTERRUPTED || rc == GNUTLS_E_WARNING_ALERT_RECEIVED);
    if (rc == GNUTLS_E_AGAIN)
        return AZM_MORE;
    if (rc == 0 && !speaks_h2(channel))
        rc = GNUTLS_E_NO_APPLICATION_PROTOCOL;
    if (rc != 0)
        return give_up(channel, rc);
    channel->greeted = true;
    return AZM_OK;
}

enum azm_status azm_tls_channel_read(struct azm_tls_channel *channel, char *out, size_t size, size_t *len)
{
    *len = 0;
    enum azm_status status = channel->greeted ? AZM_OK : greet(channel);
    if (status != AZM_OK)
        return status;
    ssize_t n;
    do
        n = gnutls_record_recv(channel->session, out, size);
    while (n == GNUTLS_E_INTERRUPTED || n == GNUTLS_E_WARNING_ALERT_RECEIVED);
    if (n > 0) {
        *len = (size_t)n;
        return AZM_OK;
    }
    return n == 0 ? AZM_END : n == GNUTLS_E_AGAIN ? AZM_MORE : give_up(channel, (int)n);
}

enum azm_status azm_tls_channel_write(struct azm_tls_channel *channel, azm_slice bytes)
{
    while (bytes.len > 0) {
        ssize_t n = gnutls_record_send(channel->session, bytes.ptr, bytes.len);
        if (n <= 0)
            return AZM_IO;
        bytes = azm_slice_drop(bytes, (size_t)n);
    }
    return AZM_OK;
}

bool azm_tls_channel_greeted(const struct azm_tls_channel *channel)
{
    return channel->greeted;
}

struct azm_buf *azm_tls_channel_output(struct azm_tls_channel *channel)
{
    return &channel->output;
}
