#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "hub/tls/certificate.h"
#include "hub/tls/channel.h"

#include <errno.h>
#include <gnutls/x509.h>
#include <time.h>

#include "os/file.h"
#include "../tests/temp_dir.h"

/* --- certificates --- */

static void write_pem(const struct azm_temp_dir *dir, const char *name, const gnutls_datum_t *pem)
{
    struct azm_temp_path path = azm_temp_dir_at(dir, name);
    assert_int_equal(azm_file_write(path.text, azm_slice_of(pem->data, pem->size), 0600, NULL), AZM_OK);
}

/* NAME.pem and NAME.key, signed by itself. */
static void make_pair(const struct azm_temp_dir *dir, const char *name)
{
    char file[64];
    gnutls_datum_t pem;
    gnutls_x509_privkey_t key;
    gnutls_x509_crt_t crt;
    gnutls_x509_privkey_init(&key);
    gnutls_x509_crt_init(&crt);
    gnutls_x509_privkey_generate(key, GNUTLS_PK_ECDSA, GNUTLS_CURVE_TO_BITS(GNUTLS_ECC_CURVE_SECP256R1), 0);
    gnutls_x509_crt_set_version(crt, 3);
    gnutls_x509_crt_set_serial(crt, "\1", 1);
    gnutls_x509_crt_set_activation_time(crt, time(NULL) - 60);
    gnutls_x509_crt_set_expiration_time(crt, time(NULL) + 3600);
    gnutls_x509_crt_set_dn(crt, "CN=test", NULL);
    gnutls_x509_crt_set_key(crt, key);
    assert_int_equal(gnutls_x509_crt_sign2(crt, crt, key, GNUTLS_DIG_SHA256, 0), 0);
    gnutls_x509_crt_export2(crt, GNUTLS_X509_FMT_PEM, &pem);
    snprintf(file, sizeof file, "%s.pem", name);
    write_pem(dir, file, &pem);
    gnutls_free(pem.data);
    gnutls_x509_privkey_export2(key, GNUTLS_X509_FMT_PEM, &pem);
    snprintf(file, sizeof file, "%s.key", name);
    write_pem(dir, file, &pem);
    gnutls_free(pem.data);
    gnutls_x509_crt_deinit(crt);
    gnutls_x509_privkey_deinit(key);
}

/* --- a client in memory --- */

struct client {
    gnutls_session_t session;
    gnutls_certificate_credentials_t credentials;
    struct azm_tls_channel *channel;
    struct azm_buf to_server, to_client;
    size_t piece;           /* so many bytes at a time reach the server; 0: all */
    enum azm_status server; /* what it said last */
    size_t answered;        /* bytes that it sent */
    struct azm_buf heard;   /* by the server */
};

/* The server takes what has come, and answers. */
static void serve(struct client *client)
{
    char out[100];
    size_t len;
    azm_slice rest = azm_buf_slice(&client->to_server);
    while (rest.len > 0 && client->server == AZM_MORE) {
        azm_slice piece = client->piece ? azm_slice_take(rest, client->piece) : rest;
        rest = azm_slice_drop(rest, piece.len);
        azm_tls_channel_feed(client->channel, piece);
        while ((client->server = azm_tls_channel_read(client->channel, out, sizeof out, &len)) == AZM_OK)
            azm_buf_add(&client->heard, azm_slice_of(out, len));
    }
    azm_buf_clear(&client->to_server);
    client->answered += azm_tls_channel_output(client->channel)->len;
    azm_buf_add(&client->to_client, azm_buf_slice(azm_tls_channel_output(client->channel)));
    azm_buf_clear(azm_tls_channel_output(client->channel));
}

static ssize_t push(gnutls_transport_ptr_t self, const void *bytes, size_t len)
{
    azm_buf_add(&((struct client *)self)->to_server, azm_slice_of(bytes, len));
    return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t self, void *out, size_t size)
{
    struct client *client = self;
    azm_slice piece = azm_slice_take(azm_buf_slice(&client->to_client), size);
    if (piece.len == 0) {
        gnutls_transport_set_errno(client->session, EAGAIN);
        return -1;
    }
    memcpy(out, piece.ptr, piece.len);
    azm_buf_consume(&client->to_client, piece.len);
    return (ssize_t)piece.len;
}

static void begin(struct client *client, const struct azm_tls_server *server, const char *priorities, const char *alpn)
{
    *client = (struct client){.server = AZM_MORE, .channel = azm_tls_channel_new(server)};
    assert_non_null(client->channel);
    azm_buf_init(&client->to_server, 1 << 24);
    azm_buf_init(&client->to_client, 1 << 24);
    azm_buf_init(&client->heard, 1 << 24);
    gnutls_certificate_allocate_credentials(&client->credentials);
    gnutls_init(&client->session, GNUTLS_CLIENT | GNUTLS_NONBLOCK);
    assert_int_equal(gnutls_priority_set_direct(client->session, priorities, NULL), 0);
    gnutls_credentials_set(client->session, GNUTLS_CRD_CERTIFICATE, client->credentials);
    gnutls_transport_set_ptr(client->session, client);
    gnutls_transport_set_push_function(client->session, push);
    gnutls_transport_set_pull_function(client->session, pull);
    const gnutls_datum_t protocol = {(unsigned char *)alpn, alpn ? (unsigned)strlen(alpn) : 0};
    if (alpn)
        gnutls_alpn_set_protocols(client->session, &protocol, 1, 0);
}

static int shake(struct client *client)
{
    int rc;
    while ((rc = gnutls_handshake(client->session)) == GNUTLS_E_AGAIN && client->to_server.len > 0)
        serve(client);
    serve(client);
    return rc;
}

static void end(struct client *client)
{
    azm_tls_channel_free(client->channel);
    gnutls_deinit(client->session);
    gnutls_certificate_free_credentials(client->credentials);
    azm_buf_dispose(&client->to_server);
    azm_buf_dispose(&client->to_client);
    azm_buf_dispose(&client->heard);
}

/* --- the tests --- */

struct scene {
    struct azm_temp_dir dir;
    struct azm_tls_server server;
};

static int set_up(void **state)
{
    static struct scene scene;
    *state = &scene;
    scene.dir = azm_temp_dir_make();
    make_pair(&scene.dir, "a");
    make_pair(&scene.dir, "b");
    const struct azm_temp_path cert = azm_temp_dir_at(&scene.dir, "a.pem"), key = azm_temp_dir_at(&scene.dir, "a.key");
    return azm_certificate_open(cert.text, key.text, NULL) == AZM_OK &&
                   azm_tls_server_init(&scene.server, NULL) == AZM_OK
               ? 0
               : -1;
}

static int tear_down(void **state)
{
    struct scene *scene = *state;
    azm_tls_server_dispose(&scene->server);
    azm_certificate_close();
    azm_temp_dir_remove(&scene->dir);
    return 0;
}

static void both_sides_talk(void **state)
{
    const struct scene *scene = *state;
    static char large[100000], answer[100000];
    static const size_t pieces[] = {0, 1, 7};
    for (size_t i = 0; i < AZM_COUNT(pieces); i++) {
        struct client client;
        begin(&client, &scene->server, "NORMAL", "h2");
        client.piece = pieces[i];
        assert_int_equal(shake(&client), 0);
        assert_true(azm_tls_channel_greeted(client.channel));
        memset(large, 'x', sizeof large);
        for (size_t sent = 0; sent < sizeof large;)
            sent += (size_t)gnutls_record_send(client.session, large + sent, sizeof large - sent);
        serve(&client);
        assert_int_equal(client.server, AZM_MORE);
        assert_true(azm_slice_eq(azm_buf_slice(&client.heard), azm_slice_of(large, sizeof large)));
        assert_int_equal(azm_tls_channel_write(client.channel, azm_slice_of(large, sizeof large)), AZM_OK);
        serve(&client);
        size_t got = 0;
        for (ssize_t n; (n = gnutls_record_recv(client.session, answer + got, sizeof answer - got)) > 0;)
            got += (size_t)n;
        assert_int_equal(got, sizeof answer);
        assert_memory_equal(answer, large, sizeof large);
        gnutls_bye(client.session, GNUTLS_SHUT_WR);
        serve(&client);
        assert_int_equal(client.server, AZM_END);
        end(&client);
    }
}

static void who_may(void **state)
{
    const struct scene *scene = *state;
    static const struct {
        const char *priorities, *alpn;
        bool ok;
    } rows[] = {
        {"NORMAL:-VERS-ALL:+VERS-TLS1.3", "h2", true},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.2", "h2", true},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.1", "h2", false},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.0", "h2", false},
        {"NORMAL:-VERS-ALL:+VERS-TLS1.2:-KX-ALL:+RSA", "h2", false},
        {"NORMAL", "http/1.1", false},
        {"NORMAL", NULL, false},
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct client client;
        begin(&client, &scene->server, rows[i].priorities, rows[i].alpn);
        (void)shake(&client);
        if (client.server != (rows[i].ok ? AZM_MORE : AZM_BAD_INPUT))
            fail_msg("%s %s: %s", rows[i].priorities, rows[i].alpn, azm_status_text(client.server));
        assert_int_equal(azm_tls_channel_greeted(client.channel), rows[i].ok);
        assert_true(client.answered > 0); /* it is told why */
        end(&client);
    }
}

static void garbage(void **state)
{
    const struct scene *scene = *state;
    static const azm_slice rows[] = {
        AZM_S_INIT("GET / HTTP/1.1\r\n\r\n"),
        AZM_S_INIT("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
        AZM_S_INIT("\x16\x03\x01\x00\x04\x02\x00\x00\x00"), /* a server's hello */
        AZM_S_INIT("\x17\x03\x03\x00\x05hello"),
        AZM_S_INIT("\x16\x03\x01\xff\xff\x01\x01\x01\x01\x01"),
    };
    for (size_t i = 0; i < AZM_COUNT(rows); i++) {
        struct client client;
        begin(&client, &scene->server, "NORMAL", "h2");
        azm_buf_add(&client.to_server, rows[i]);
        serve(&client);
        if (client.server != AZM_BAD_INPUT)
            fail_msg("row %zu: %s", i, azm_status_text(client.server));
        end(&client);
    }
}

/* Copies of another pair's file come in its place. */
static void put(const struct azm_temp_dir *dir, const char *from, const char *to)
{
    struct azm_buf text;
    azm_buf_init(&text, 1 << 16);
    const struct azm_temp_path source = azm_temp_dir_at(dir, from), target = azm_temp_dir_at(dir, to);
    assert_int_equal(azm_file_read(source.text, &text, NULL), AZM_OK);
    assert_int_equal(azm_file_write(target.text, azm_buf_slice(&text), 0600, NULL), AZM_OK);
    azm_buf_dispose(&text);
}

/* SHA-256 of the certificate that a client sees. */
static void look(const struct scene *scene, unsigned char digest[32])
{
    struct client client;
    unsigned count;
    size_t size = 32;
    begin(&client, &scene->server, "NORMAL", "h2");
    assert_int_equal(shake(&client), 0);
    const gnutls_datum_t *seen = gnutls_certificate_get_peers(client.session, &count);
    assert_int_equal(count, 1);
    assert_int_equal(gnutls_fingerprint(GNUTLS_DIG_SHA256, seen, digest, &size), 0);
    end(&client);
}

static void renewal(void **state)
{
    const struct scene *scene = *state;
    unsigned char first[32], now[32];
    look(scene, first);
    azm_certificate_renew(); /* nothing is new */
    put(&scene->dir, "b.pem", "a.pem");
    azm_certificate_renew(); /* the key is still the old one */
    look(scene, now);
    assert_memory_equal(now, first, sizeof now);
    put(&scene->dir, "b.key", "a.key");
    azm_certificate_renew();
    look(scene, now);
    assert_memory_not_equal(now, first, sizeof now);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(both_sides_talk),
        cmocka_unit_test(who_may),
        cmocka_unit_test(garbage),
        cmocka_unit_test(renewal),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
