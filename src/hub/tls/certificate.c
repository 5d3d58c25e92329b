#include "hub/tls/certificate.h"

#include "base/buf.h"
#include "base/log.h"
#include "os/file.h"

#include <gnutls/crypto.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <time.h>
#include <uv.h>

enum { FILE_MAX = 1024 * 1024, CHAIN_MAX = 16, KEY_ID_MAX = 64, DIGEST = 32 };

/* What the two files hold. */
struct pair {
    gnutls_x509_crt_t chain[CHAIN_MAX];
    unsigned chain_length;
    gnutls_x509_privkey_t key;
};

static struct {
    char *cert_path, *key_path;
    unsigned char tried[DIGEST]; /* SHA-256 of what the files held when they were read last */
    uv_mutex_t mutex;            /* guards shown */
    struct pair shown;
} certificate;

static void clear(struct pair *pair)
{
    for (unsigned i = 0; i < pair->chain_length; i++)
        gnutls_x509_crt_deinit(pair->chain[i]);
    if (pair->key)
        gnutls_x509_privkey_deinit(pair->key);
    *pair = (struct pair){.key = NULL};
}

static gnutls_datum_t datum(azm_slice text)
{
    return (gnutls_datum_t){(unsigned char *)text.ptr, (unsigned)text.len};
}

static enum azm_status read_chain(azm_slice text, struct pair *out, struct azm_error *err)
{
    const gnutls_datum_t pem = datum(text);
    unsigned count = CHAIN_MAX;
    int rc =
        gnutls_x509_crt_list_import(out->chain, &count, &pem, GNUTLS_X509_FMT_PEM,
                                    GNUTLS_X509_CRT_LIST_IMPORT_FAIL_IF_EXCEED | GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
    if (rc > 0) {
        out->chain_length = (unsigned)rc;
        return AZM_OK;
    }
    const char *path = certificate.cert_path;
    if (rc == 0 || rc == GNUTLS_E_NO_CERTIFICATE_FOUND || rc == GNUTLS_E_BASE64_UNEXPECTED_HEADER_ERROR)
        return azm_fail(err, AZM_BAD_CONFIG, "%s holds no certificate: expected PEM, \"-----BEGIN CERTIFICATE-----\"",
                        path);
    if (rc == GNUTLS_E_CERTIFICATE_LIST_UNSORTED)
        return azm_fail(err, AZM_BAD_CONFIG,
                        "%s: the server's certificate comes first, and each is followed by that of its issuer", path);
    if (rc == GNUTLS_E_SHORT_MEMORY_BUFFER)
        return azm_fail(err, AZM_BAD_CONFIG, "%s holds more than %d certificates", path, (int)CHAIN_MAX);
    return azm_fail(err, AZM_BAD_CONFIG, "%s: %s", path, gnutls_strerror(rc));
}

static enum azm_status read_key(azm_slice text, struct pair *out, struct azm_error *err)
{
    const char *path = certificate.key_path;
    const gnutls_datum_t pem = datum(text);
    if (gnutls_x509_privkey_init(&out->key) != 0)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for the key of %s", path);
    if (azm_slice_search(text, AZM_S("ENCRYPTED")) < text.len)
        return azm_fail(err, AZM_BAD_CONFIG, "%s: the key has a password; expected one without", path);
    int rc = gnutls_x509_privkey_import2(out->key, &pem, GNUTLS_X509_FMT_PEM, NULL, GNUTLS_PKCS_PLAIN);
    return rc == 0 ? AZM_OK
                   : azm_fail(err, AZM_BAD_CONFIG,
                              "%s holds no private key: expected PEM, \"-----BEGIN PRIVATE KEY-----\" (%s)", path,
                              gnutls_strerror(rc));
}

static enum azm_status check_match(const struct pair *pair, struct azm_error *err)
{
    unsigned char of_cert[KEY_ID_MAX], of_key[KEY_ID_MAX];
    size_t cert_len = sizeof of_cert, key_len = sizeof of_key;
    bool same = gnutls_x509_crt_get_key_id(pair->chain[0], GNUTLS_KEYID_USE_SHA256, of_cert, &cert_len) == 0 &&
                gnutls_x509_privkey_get_key_id(pair->key, GNUTLS_KEYID_USE_SHA256, of_key, &key_len) == 0 &&
                azm_slice_eq(azm_slice_of(of_cert, cert_len), azm_slice_of(of_key, key_len));
    return same ? AZM_OK
                : azm_fail(err, AZM_BAD_CONFIG, "the key in %s is not that of the first certificate in %s",
                           certificate.key_path, certificate.cert_path);
}

static void check_dates(const struct pair *pair)
{
    time_t now = time(NULL);
    for (unsigned i = 0; i < pair->chain_length; i++) {
        if (gnutls_x509_crt_get_expiration_time(pair->chain[i]) < now)
            azm_log(WARN, HUB, "%s: certificate %u has expired; clients will refuse it", certificate.cert_path, i + 1);
        if (gnutls_x509_crt_get_activation_time(pair->chain[i]) > now)
            azm_log(WARN, HUB, "%s: certificate %u is not valid yet; clients will refuse it", certificate.cert_path,
                    i + 1);
    }
}

static enum azm_status read_file(const char *path, struct azm_buf *out, struct azm_error *err)
{
    struct azm_error own;
    enum azm_status status = azm_file_read(path, out, &own);
    return status == AZM_OK ? AZM_OK : azm_fail(err, AZM_BAD_CONFIG, "%s", own.text);
}

static enum azm_status parse(azm_slice cert, azm_slice key, struct pair *out, struct azm_error *err)
{
    enum azm_status status = read_chain(cert, out, err);
    if (status == AZM_OK)
        status = read_key(key, out, err);
    if (status == AZM_OK)
        status = check_match(out, err);
    if (status == AZM_OK)
        check_dates(out);
    else
        clear(out);
    return status;
}

/* *changed: the files are not what they were when they were read last. */
static enum azm_status load(struct pair *out, bool *changed, struct azm_error *err)
{
    struct azm_buf both;
    unsigned char digest[DIGEST] = {0};
    *out = (struct pair){.key = NULL};
    azm_buf_init(&both, FILE_MAX);
    enum azm_status status = read_file(certificate.cert_path, &both, err);
    size_t cert = both.len;
    if (status == AZM_OK)
        status = read_file(certificate.key_path, &both, err);
    gnutls_hash_fast(GNUTLS_DIG_SHA256, both.len ? both.ptr : "", both.len, digest);
    *changed = memcmp(digest, certificate.tried, DIGEST) != 0;
    memcpy(certificate.tried, digest, DIGEST);
    azm_slice text = azm_buf_slice(&both);
    if (status == AZM_OK && *changed)
        status = parse(azm_slice_take(text, cert), azm_slice_drop(text, cert), out, err);
    if (both.ptr)
        gnutls_memset(both.ptr, 0, both.cap);
    azm_buf_dispose(&both);
    return status;
}

static void show(struct pair *pair)
{
    uv_mutex_lock(&certificate.mutex);
    struct pair old = certificate.shown;
    certificate.shown = *pair;
    uv_mutex_unlock(&certificate.mutex);
    clear(&old);
}

enum azm_status azm_certificate_open(const char *cert_path, const char *key_path, struct azm_error *err)
{
    bool changed;
    struct pair pair;
    certificate.cert_path = strdup(cert_path);
    certificate.key_path = strdup(key_path);
    if (uv_mutex_init(&certificate.mutex) != 0 || !certificate.cert_path || !certificate.key_path)
        abort();
    memset(certificate.tried, 0, DIGEST);
    enum azm_status status = load(&pair, &changed, err);
    if (status == AZM_OK)
        show(&pair);
    else
        azm_certificate_close();
    return status;
}

void azm_certificate_close(void)
{
    clear(&certificate.shown);
    uv_mutex_destroy(&certificate.mutex);
    free(certificate.cert_path);
    free(certificate.key_path);
}

void azm_certificate_renew(void)
{
    bool changed;
    struct pair pair;
    struct azm_error err = {.text = ""};
    enum azm_status status = load(&pair, &changed, &err);
    if (!changed)
        return;
    if (status == AZM_OK) {
        show(&pair);
        azm_log(INFO, HUB, "%s: the new certificate is taken up", certificate.cert_path);
    } else {
        azm_log(WARN, HUB, "the certificate stays as it was: %s", err.text);
    }
}

/* --- for GnuTLS, in the middle of a handshake --- */

static int copy_chain(const struct pair *pair, gnutls_pcert_st *out)
{
    for (unsigned i = 0; i < pair->chain_length; i++) {
        int rc = gnutls_pcert_import_x509(&out[i], pair->chain[i], 0);
        if (rc == 0)
            continue;
        while (i > 0)
            gnutls_pcert_deinit(&out[--i]);
        return rc;
    }
    return 0;
}

/* GnuTLS owns the copies. */
static int copy(const struct pair *pair, gnutls_pcert_st **chain, gnutls_privkey_t *key)
{
    *chain = gnutls_calloc(pair->chain_length, sizeof **chain);
    if (!*chain)
        return GNUTLS_E_MEMORY_ERROR;
    int rc = gnutls_privkey_init(key);
    if (rc == 0)
        rc = gnutls_privkey_import_x509(*key, pair->key, GNUTLS_PRIVKEY_IMPORT_COPY);
    if (rc == 0)
        rc = copy_chain(pair, *chain);
    if (rc == 0)
        return 0;
    if (*key)
        gnutls_privkey_deinit(*key);
    gnutls_free(*chain);
    return rc;
}

int azm_certificate_show(gnutls_session_t session, const struct gnutls_cert_retr_st *info, gnutls_pcert_st **certs,
                         unsigned *certs_length, gnutls_ocsp_data_st **ocsp, unsigned *ocsp_length,
                         gnutls_privkey_t *privkey, unsigned *flags)
{
    (void)session, (void)info;
    *ocsp = NULL;
    *ocsp_length = 0;
    *privkey = NULL;
    uv_mutex_lock(&certificate.mutex);
    int rc = copy(&certificate.shown, certs, privkey);
    *certs_length = certificate.shown.chain_length;
    uv_mutex_unlock(&certificate.mutex);
    *flags = GNUTLS_CERT_RETR_DEINIT_ALL;
    return rc == 0 ? 0 : -1;
}
