#include "program/hub_client.h"

#include "base/buf.h"

#include <curl/curl.h>
#include <jansson.h>
#include <stdlib.h>

enum { ANSWER_MAX = 512 * 1024 * 1024, CONNECT_MS = 5000, SILENCE_S = 30 };

struct azm_hub_client {
    CURL *curl;
    struct curl_slist *headers;
    char url[1024], reason[CURL_ERROR_SIZE];
    struct azm_buf body;
};

static size_t on_body(char *bytes, size_t size, size_t count, void *self)
{
    struct azm_hub_client *client = self;
    azm_buf_add(&client->body, azm_slice_of(bytes, size * count));
    return client->body.failed ? 0 : size * count;
}

static bool add_token(struct azm_hub_client *client, const char *token)
{
    char header[1024];
    int n = snprintf(header, sizeof header, "Authorization: Bearer %s", token);
    client->headers = n > 0 && (size_t)n < sizeof header ? curl_slist_append(NULL, header) : NULL;
    return client->headers != NULL;
}

static void set_options(struct azm_hub_client *client)
{
    curl_easy_setopt(client->curl, CURLOPT_ERRORBUFFER, client->reason);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, client);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(client->curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_LIMIT, 1L); /* a large trace may take its time, silence may not */
    curl_easy_setopt(client->curl, CURLOPT_LOW_SPEED_TIME, (long)SILENCE_S);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_ACCEPT_ENCODING, "");
    curl_easy_setopt(client->curl, CURLOPT_USERAGENT, "azimuth/" AZM_VERSION);
    const char *ca_file = getenv("ELASTIC_APM_SERVER_CA_CERT_FILE");
    if (ca_file && ca_file[0]) /* the system's folder of certificates stays in force beside it */
        curl_easy_setopt(client->curl, CURLOPT_CAINFO, ca_file);
    curl_easy_setopt(client->curl, CURLOPT_NOPROXY, "127.0.0.1,localhost,::1");
}

enum azm_status azm_hub_client_open(const char *url, const char *token, struct azm_hub_client **out,
                                    struct azm_error *err)
{
    azm_slice text = azm_slice_str(url);
    while (azm_slice_ends(text, AZM_S("/")))
        text.len--;
    if ((!azm_slice_starts(text, AZM_S("http://")) && !azm_slice_starts(text, AZM_S("https://"))) || text.len > 900)
        return azm_fail(err, AZM_BAD_CONFIG, "\"%.100s\" is no URL of a hub, such as http://127.0.0.1:8200", url);
    struct azm_hub_client *client = calloc(1, sizeof *client);
    if (client)
        client->curl = curl_easy_init();
    if (!client || !client->curl || (token && token[0] && !add_token(client, token))) {
        azm_hub_client_close(client);
        return azm_fail(err, AZM_NO_MEMORY, "the HTTP client cannot be set up");
    }
    azm_slice_copy(text, client->url, sizeof client->url);
    azm_buf_init(&client->body, ANSWER_MAX);
    set_options(client);
    *out = client;
    return AZM_OK;
}

void azm_hub_client_close(struct azm_hub_client *client)
{
    if (!client)
        return;
    if (client->curl)
        curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    azm_buf_dispose(&client->body);
    free(client);
}

static enum azm_status explain(const struct azm_hub_client *client, long code, const json_t *answer,
                               struct azm_error *err)
{
    const char *text = json_string_value(json_object_get(answer, "error"));
    if (!text)
        return azm_fail(err, AZM_NETWORK, "%s is no azimuth hub (HTTP %ld)", client->url, code);
    enum azm_status status = code == 404                  ? AZM_NOT_FOUND
                             : code == 401 || code == 403 ? AZM_DENIED
                             : code == 400                ? AZM_BAD_INPUT
                                                          : AZM_IO;
    return azm_fail(err, status, "%s: %.300s", client->url, text);
}

static enum azm_status perform(struct azm_hub_client *client, const char *path, long *code, struct azm_error *err)
{
    char url[4096];
    azm_buf_clear(&client->body);
    client->reason[0] = '\0';
    int n = snprintf(url, sizeof url, "%s%s", client->url, path);
    if (n < 0 || (size_t)n >= sizeof url)
        return azm_fail(err, AZM_TOO_BIG, "%s: the request is too long", client->url);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    CURLcode rc = curl_easy_perform(client->curl);
    if (rc != CURLE_OK)
        return azm_fail(err, AZM_NETWORK, "no hub answers at %s: %s", client->url,
                        client->reason[0] ? client->reason : curl_easy_strerror(rc));
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, code);
    return AZM_OK;
}

static json_t *answer_of(const struct azm_hub_client *client)
{
    return json_loadb(client->body.ptr ? client->body.ptr : "", client->body.len, JSON_ALLOW_NUL, NULL);
}

enum azm_status azm_hub_client_get(struct azm_hub_client *client, const char *path, json_t **out, struct azm_error *err)
{
    long code = 0;
    enum azm_status status = perform(client, path, &code, err);
    if (status != AZM_OK)
        return status;
    json_t *answer = answer_of(client);
    if (code == 200 && json_is_object(answer)) {
        *out = answer;
        return AZM_OK;
    }
    status = explain(client, code, answer, err);
    json_decref(answer);
    return status;
}

enum azm_status azm_hub_client_get_file(struct azm_hub_client *client, const char *path, azm_slice *out,
                                        struct azm_error *err)
{
    long code = 0;
    enum azm_status status = perform(client, path, &code, err);
    *out = azm_buf_slice(&client->body);
    if (status != AZM_OK || code == 200)
        return status;
    json_t *answer = answer_of(client);
    status = explain(client, code, answer, err);
    json_decref(answer);
    return status;
}

enum azm_status azm_hub_client_post(struct azm_hub_client *client, const char *path, azm_slice body, json_t **out,
                                    struct azm_error *err)
{
    long code = 0;
    curl_easy_setopt(client->curl, CURLOPT_POST, 1L);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body.len ? body.ptr : "");
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    enum azm_status status = perform(client, path, &code, err);
    curl_easy_setopt(client->curl, CURLOPT_HTTPGET, 1L);
    *out = status == AZM_OK ? answer_of(client) : NULL;
    if (status != AZM_OK || (code == 200 && json_is_object(*out)))
        return status;
    return explain(client, code, *out, err);
}

void azm_hub_client_escape(struct azm_buf *out, azm_slice text)
{
    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '-' || c == '_')
            azm_buf_add_byte(out, c);
        else
            azm_buf_addf(out, "%%%02X", c);
    }
}

static enum azm_status choose(const json_t *list, const char *prefix, char *id, size_t size, struct azm_error *err)
{
    size_t count = json_array_size(list);
    if (count == 0)
        return azm_fail(err, AZM_NOT_FOUND, "no trace id begins with %.100s", prefix);
    for (size_t i = 0; i < count; i++) {
        const char *found = json_string_value(json_object_get(json_array_get(list, i), "trace_id"));
        azm_slice_copy(azm_slice_str(found), id, size);
        if (strcmp(id, prefix) == 0)
            return AZM_OK;
    }
    return count == 1
               ? AZM_OK
               : azm_fail(err, AZM_BAD_INPUT, "more than one trace id begins with %.100s; give more of it", prefix);
}

enum azm_status azm_hub_client_find_trace(struct azm_hub_client *client, const char *prefix, char *id, size_t size,
                                          struct azm_error *err)
{
    struct azm_buf path;
    char storage[512];
    json_t *answer = NULL;
    azm_buf_init_fixed(&path, storage, sizeof storage - 1);
    azm_buf_add_str(&path, "/api/traces?limit=1000&id=");
    azm_hub_client_escape(&path, azm_slice_str(prefix));
    storage[path.len] = '\0';
    enum azm_status status = azm_hub_client_get(client, storage, &answer, err);
    if (status != AZM_OK)
        return status;
    status = choose(json_object_get(answer, "traces"), prefix, id, size, err);
    json_decref(answer);
    return status;
}
