#include "export/http.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include <curl/curl.h>

#include "base/arena.h"
#include "base/log.h"
#include "export/gzip.h"
#include "export/url.h"
#include "trace/otel_list.h"

#define TIMEOUT_MS         30000L /* when the destination names none */
#define CONNECT_TIMEOUT_MS 5000L
#define BODY_MAX           (64u << 20)
#define URL_MAX            65536u

#define SERVERS_MAX 8u

struct server {
    char *url;
    bool loopback, packs; /* packs: bodies go there compressed */
};

struct http {
    struct azm_sender sender;
    struct server servers[SERVERS_MAX];
    size_t server_count, server; /* the one in use */
    const struct azm_exporter_kind *kind;
    CURL *curl;
    struct azm_gzip *gzip; /* NULL: no server packs */
    struct curl_slist *headers;
    struct curl_slist packed_headers; /* one more, in front of these */
    struct azm_buf packed, answer;
    struct azm_arena arena; /* the destination's texts */
    char curl_error[CURL_ERROR_SIZE];
    _Atomic bool stopped;
};

enum azm_status azm_http_setup(struct azm_error *err)
{
    return curl_global_init(CURL_GLOBAL_DEFAULT) == CURLE_OK ? AZM_OK
                                                             : azm_fail(err, AZM_NETWORK, "libcurl does not start");
}

static size_t take_answer(char *data, size_t size, size_t count, void *self)
{
    struct http *http = self;
    size_t room = AZM_REPLY_MAX - http->answer.len;
    azm_buf_add(&http->answer, azm_slice_take(azm_slice_of(data, size * count), room));
    return size * count;
}

static int give_up(void *self, curl_off_t a, curl_off_t b, curl_off_t c, curl_off_t d)
{
    (void)a, (void)b, (void)c, (void)d;
    return ((struct http *)self)->stopped;
}

static void say(struct azm_sent *out, const char *what)
{
    if (out->reply.message[0])
        snprintf(out->problem, sizeof out->problem, "%s: %.160s", what, out->reply.message);
    else
        snprintf(out->problem, sizeof out->problem, "%s", what);
}

static void read_answer(struct http *http, const struct azm_sending *sending, struct azm_sent *out)
{
    long status = 0;
    curl_off_t wait_s = 0;
    char what[64];
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    curl_easy_getinfo(http->curl, CURLINFO_RETRY_AFTER, &wait_s);
    out->http_status = (unsigned)status;
    out->retry_after_us = wait_s > 0 && wait_s < 100000 ? (int64_t)wait_s * 1000000 : 0;
    http->kind->reply(out->http_status, azm_buf_slice(&http->answer), sending->events, &out->reply);
    if (out->reply.verdict != AZM_VERDICT_DELIVERED) {
        snprintf(what, sizeof what, "it answered %u", out->http_status);
        say(out, what);
    } else if (out->reply.message[0]) {
        say(out, "it warns");
    }
}

static bool pack(struct http *http, azm_slice *body)
{
    if (http->packed.len == 0 && azm_gzip_add(http->gzip, *body, &http->packed) != AZM_OK)
        return false;
    *body = azm_buf_slice(&http->packed);
    return true;
}

static void choose_server(struct http *http, const struct server *server)
{
    curl_easy_setopt(http->curl, CURLOPT_URL, server->url);
    curl_easy_setopt(http->curl, CURLOPT_HTTPHEADER, server->packs ? &http->packed_headers : http->headers);
    curl_easy_setopt(http->curl, CURLOPT_NOPROXY, server->loopback ? "*" : NULL); /* NULL: as NO_PROXY says */
}

static void send_to(struct http *http, const struct server *server, const struct azm_sending *sending,
                    struct azm_sent *out)
{
    azm_slice body = sending->body;
    *out = (struct azm_sent){.reply.verdict = AZM_VERDICT_RETRY};
    azm_buf_clear(&http->answer);
    if (server->packs && !pack(http, &body)) {
        say(out, "no memory to compress a request");
        return;
    }
    choose_server(http, server);
    http->curl_error[0] = 0;
    curl_easy_setopt(http->curl, CURLOPT_POSTFIELDS, body.ptr);
    curl_easy_setopt(http->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    curl_easy_setopt(http->curl, CURLOPT_USERAGENT, sending->user_agent);
    CURLcode code = http->stopped ? CURLE_ABORTED_BY_CALLBACK : curl_easy_perform(http->curl);
    long status = 0;
    curl_easy_getinfo(http->curl, CURLINFO_RESPONSE_CODE, &status);
    out->bytes_out = code == CURLE_OK ? body.len : 0;
    /* A server may answer, and close, before it has read all: a status of failure counts, one of success does not. */
    if (code == CURLE_OK || (status >= 400 && !http->stopped))
        read_answer(http, sending, out);
    else
        say(out, http->curl_error[0] ? http->curl_error : curl_easy_strerror(code));
}

/* The next server is asked when one does not answer or cannot take it; what one knows better than the others (rejected,
 * refused) is an answer. */
static void send_http(struct azm_sender *self, const struct azm_sending *sending, struct azm_sent *out)
{
    struct http *http = (struct http *)self;
    azm_buf_clear(&http->packed);
    for (size_t i = 0; i < http->server_count; i++) {
        send_to(http, &http->servers[http->server], sending, out);
        if (out->reply.verdict != AZM_VERDICT_RETRY || http->stopped)
            return;
        http->server = (http->server + 1) % http->server_count;
    }
}

static void stop(struct azm_sender *self)
{
    ((struct http *)self)->stopped = true;
}

static void close_http(struct azm_sender *self)
{
    struct http *http = (struct http *)self;
    curl_easy_cleanup(http->curl);
    curl_slist_free_all(http->headers);
    azm_gzip_free(http->gzip);
    azm_buf_dispose(&http->packed);
    azm_buf_dispose(&http->answer);
    azm_arena_dispose(&http->arena);
    free(http);
}

static bool add_header(struct http *http, const char *name, azm_slice prefix, azm_slice value)
{
    const char *colon = value.len ? ": " : ":"; /* nothing behind it: libcurl leaves its own header out */
    char *line = azm_arena_printf(&http->arena, "%s%s%.*s%.*s", name, colon, AZM_FMT(prefix), AZM_FMT(value));
    struct curl_slist *list = line ? curl_slist_append(http->headers, line) : NULL;
    if (list)
        http->headers = list;
    return list != NULL;
}

/* The user's own, but for those that say what the request is. */
static bool add_given_headers(struct http *http, azm_slice list)
{
    static const azm_slice ours[] = {AZM_S_INIT("content-type"),   AZM_S_INIT("content-encoding"),
                                     AZM_S_INIT("content-length"), AZM_S_INIT("transfer-encoding"),
                                     AZM_S_INIT("user-agent"),     AZM_S_INIT("expect")};
    struct azm_pairs headers = azm_otel_list_read(list, &http->arena);
    bool ok = true;
    for (size_t i = 0; ok && i < headers.count; i++) {
        bool is_ours = false;
        for (size_t j = 0; j < AZM_COUNT(ours); j++)
            is_ours = is_ours || azm_slice_eq_nocase(headers.items[i].key, ours[j]);
        const char *name = azm_arena_str(&http->arena, headers.items[i].key);
        ok = is_ours || add_header(http, name, AZM_S(""), headers.items[i].value);
    }
    return ok;
}

static bool add_headers(struct http *http, const struct azm_destination *destination)
{
    azm_slice none = AZM_S("");
    bool ok = add_header(http, "Content-Type", none, azm_slice_str(http->kind->content_type)) &&
              add_header(http, "Accept", none, azm_slice_str(http->kind->accept)) &&
              add_header(http, "Expect", none, none); /* no round trip before a large body */
    if (ok && destination->api_key.len)
        ok = add_header(http, "Authorization", AZM_S("ApiKey "), destination->api_key);
    else if (ok && destination->secret_token.len)
        ok = add_header(http, "Authorization", AZM_S("Bearer "), destination->secret_token);
    static char gzip[] = "Content-Encoding: gzip";
    ok = ok && add_given_headers(http, destination->headers);
    http->packed_headers = (struct curl_slist){gzip, http->headers};
    return ok;
}

static void set_certificates(struct http *http, const struct azm_destination *destination)
{
    CURL *curl = http->curl;
    if (!destination->verify_server_cert) {
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(curl, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (destination->ca_file.len) /* the system's folder of certificates stays in force beside it */
        curl_easy_setopt(curl, CURLOPT_CAINFO, azm_arena_str(&http->arena, destination->ca_file));
    if (destination->client_cert_file.len)
        curl_easy_setopt(curl, CURLOPT_SSLCERT, azm_arena_str(&http->arena, destination->client_cert_file));
    if (destination->client_key_file.len)
        curl_easy_setopt(curl, CURLOPT_SSLKEY, azm_arena_str(&http->arena, destination->client_key_file));
}

static void set_options(struct http *http, const struct azm_destination *destination)
{
    CURL *curl = http->curl;
    long timeout_ms =
        destination->timeout_ms && destination->timeout_ms <= INT32_MAX ? (long)destination->timeout_ms : TIMEOUT_MS;
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                     timeout_ms < CONNECT_TIMEOUT_MS ? timeout_ms : CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, http->curl_error);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, http);
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, give_up);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, http);
    set_certificates(http, destination);
}

/* A line of its own in a secret would be a header of its own in the request. */
static bool has_control(azm_slice secret)
{
    for (size_t i = 0; i < secret.len; i++)
        if ((unsigned char)secret.ptr[i] < ' ' || secret.ptr[i] == 0x7f)
            return true;
    return false;
}

static enum azm_status check_url(azm_slice url, struct azm_error *err)
{
    struct azm_url parts;
    azm_url_split(url, &parts);
    bool web = azm_slice_eq_nocase(parts.scheme, AZM_S("http")) || azm_slice_eq_nocase(parts.scheme, AZM_S("https"));
    if (!web || parts.host.len == 0)
        return azm_fail(err, AZM_BAD_CONFIG, "the server's URL is '%.*s'; expected http://HOST[:PORT][/PATH] or https",
                        AZM_FMT(azm_slice_take(parts.userinfo.ptr ? parts.host : url, 200)));
    return AZM_OK;
}

/* As Elastic's specification wants it, or as OpenTelemetry's setting says. */
static bool packs(const struct azm_destination *destination, bool loopback)
{
    return destination->kind == AZM_DESTINATION_OTLP ? destination->gzip : !loopback;
}

static enum azm_status check_secrets(const struct azm_destination *destination, struct azm_error *err)
{
    if (has_control(destination->api_key) || has_control(destination->secret_token))
        return azm_fail(err, AZM_BAD_CONFIG, "the API key or secret token holds a line break or control character");
    if (!azm_otel_headers_are_valid(destination->headers))
        return azm_fail(err, AZM_BAD_CONFIG, "the list of headers is not key=value,key=value, percent-encoded");
    return AZM_OK;
}

static enum azm_status add_server(struct http *http, const struct azm_destination *destination, struct azm_error *err)
{
    struct azm_buf url;
    enum azm_status status = AZM_OK;
    struct server *server = &http->servers[http->server_count];
    azm_buf_init(&url, URL_MAX);
    http->kind->url(&url, destination);
    azm_slice text = azm_buf_slice(&url);
    if (url.failed)
        status = azm_fail(err, AZM_TOO_BIG, "the server's URL is longer than %u bytes", URL_MAX);
    else
        status = check_url(text, err);
    if (status == AZM_OK) {
        server->url = azm_arena_str(&http->arena, text);
        server->loopback = azm_url_is_loopback(text);
        server->packs = packs(destination, server->loopback);
        http->server_count++;
    }
    azm_buf_dispose(&url);
    return status;
}

/* The first must be good; of the others those that cannot be used are left out. */
static enum azm_status add_servers(struct http *http, const struct azm_destination *destination, struct azm_error *err)
{
    struct azm_destination other = *destination;
    azm_slice rest = destination->more_urls;
    enum azm_status status = add_server(http, destination, err);
    while (status == AZM_OK && http->server_count < SERVERS_MAX && azm_slice_split(&rest, ';', &other.url)) {
        other.url = azm_slice_trim(other.url);
        if (other.url.len && add_server(http, &other, NULL) != AZM_OK)
            azm_log(WARN, EXPORT, "doctor: one of the servers' URLs is no http or https address, it is left out");
    }
    return status;
}

static bool any_packs(const struct http *http)
{
    bool any = false;
    for (size_t i = 0; i < http->server_count; i++)
        any = any || http->servers[i].packs;
    return any;
}

static bool all_loopback(const struct http *http)
{
    bool all = true;
    for (size_t i = 0; i < http->server_count; i++)
        all = all && http->servers[i].loopback;
    return all;
}

static struct azm_sender *open_http(const struct azm_exporter_kind *kind, const struct azm_destination *destination,
                                    struct azm_error *err)
{
    struct http *http = calloc(1, sizeof *http);
    if (!http) {
        azm_fail(err, AZM_NO_MEMORY, "no memory for a connection");
        return NULL;
    }
    http->sender = (struct azm_sender){send_http, stop, close_http, false};
    http->kind = kind;
    azm_buf_init(&http->packed, BODY_MAX);
    azm_buf_init(&http->answer, AZM_REPLY_MAX);
    azm_arena_init(&http->arena, 0);
    if (add_servers(http, destination, err) != AZM_OK) {
        close_http(&http->sender);
        return NULL;
    }
    http->sender.loopback = all_loopback(http);
    http->curl = curl_easy_init();
    http->gzip = any_packs(http) ? azm_gzip_new() : NULL;
    if (!http->curl || (any_packs(http) && !http->gzip) || !add_headers(http, destination)) {
        azm_fail(err, AZM_NO_MEMORY, "no memory for a connection");
        close_http(&http->sender);
        return NULL;
    }
    set_options(http, destination);
    return &http->sender;
}

struct azm_sender *azm_http_open(const struct azm_exporter_kind *kind, const struct azm_destination *destination,
                                 struct azm_error *err)
{
    return check_secrets(destination, err) == AZM_OK ? open_http(kind, destination, err) : NULL;
}

void azm_http_public_url(azm_slice url, struct azm_buf *out)
{
    struct azm_url parts;
    azm_url_split(url, &parts);
    bool v6 = azm_slice_find(parts.host, ':') < parts.host.len;
    if (parts.scheme.len)
        azm_buf_addf(out, v6 ? "%.*s://[%.*s]" : "%.*s://%.*s", AZM_FMT(parts.scheme), AZM_FMT(parts.host));
    if (parts.port.len)
        azm_buf_addf(out, ":%.*s", AZM_FMT(parts.port));
    azm_buf_add(out, parts.path);
}

static void add_comment(struct azm_buf *out, azm_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        /* RFC 9110 ctext; a semicolon is allowed there, backslash and brackets are not */
        bool good = c == '\t' || (c >= ' ' && c <= '~' && c != '(' && c != ')' && c != '\\');
        azm_buf_add_byte(out, good ? c : '_');
    }
}

void azm_http_user_agent(struct azm_buf *out, const struct azm_source *source)
{
    azm_slice name = source->agent_name.len ? source->agent_name : AZM_S("azimuth");
    azm_slice version = source->agent_version.len ? source->agent_version : AZM_S(AZM_VERSION);
    azm_buf_add(out, AZM_S("apm-agent-"));
    add_comment(out, azm_slice_take(name, 40));
    azm_buf_add_byte(out, '/');
    add_comment(out, azm_slice_take(version, 40));
    azm_buf_add(out, AZM_S(" ("));
    add_comment(out, azm_slice_take(source->service_name, 60));
    if (source->service_version.len) {
        azm_buf_add_byte(out, ' ');
        add_comment(out, azm_slice_take(source->service_version, 40));
    }
    azm_buf_add_byte(out, ')');
}
