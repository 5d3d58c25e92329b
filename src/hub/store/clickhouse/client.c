#include "hub/store/clickhouse/client.h"

#include <curl/curl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <uv.h>

enum { CONNECT_MS = 5000, ASK_MS = 65000, INSERT_MS = 30000, URL_MAX = 1024, TOLD_MAX = 300 };

/* The answer's head comes with the whole answer, so its status tells whether all went well. Numbers must not become
 * text, and the lists of ids and hashes are longer than a query usually is. */
#define SETTINGS                                                                                                       \
    "&wait_end_of_query=1&output_format_json_quote_64bit_integers=0&max_query_size=67108864"                           \
    "&max_ast_elements=5000000&max_expanded_ast_elements=5000000"

struct azm_clickhouse_client {
    const struct azm_clickhouse_address *address;
    CURL *curl;
    struct curl_slist *headers;
    struct azm_buf answer;
    char reason[CURL_ERROR_SIZE];
};

static void init_curl(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}

static size_t take_answer(char *data, size_t size, size_t count, void *self)
{
    struct azm_buf *answer = self;
    azm_buf_add(answer, azm_slice_of(data, size * count));
    return answer->failed ? 0 : size * count;
}

static bool add_header(struct azm_clickhouse_client *client, const char *name, const char *value)
{
    char line[512];
    snprintf(line, sizeof line, "%s: %s", name, value);
    struct curl_slist *longer = curl_slist_append(client->headers, value[0] ? line : name);
    if (longer)
        client->headers = longer;
    return longer != NULL;
}

static bool add_headers(struct azm_clickhouse_client *client)
{
    const struct azm_clickhouse_address *address = client->address;
    bool ok = add_header(client, "Content-Type", "application/octet-stream") && add_header(client, "Expect:", "");
    if (ok && address->user[0])
        ok = add_header(client, "X-ClickHouse-User", address->user) &&
             add_header(client, "X-ClickHouse-Key", address->password);
    return ok;
}

static void set_options(struct azm_clickhouse_client *client)
{
    CURL *curl = client->curl;
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, client->address->tls ? "https" : "http");
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, client->headers);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, (long)CONNECT_MS);
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "azimuth/" AZM_VERSION);
    curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, client->reason);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &client->answer);
}

enum azm_status azm_clickhouse_client_open(const struct azm_clickhouse_address *address,
                                           struct azm_clickhouse_client **out, struct azm_error *err)
{
    static uv_once_t once = UV_ONCE_INIT;
    uv_once(&once, init_curl);
    struct azm_clickhouse_client *client = calloc(1, sizeof *client);
    if (!client)
        return azm_fail(err, AZM_NO_MEMORY, "no memory for a connection");
    client->address = address;
    azm_buf_init(&client->answer, AZM_CLICKHOUSE_ANSWER_MAX);
    client->curl = curl_easy_init();
    if (!client->curl || !add_headers(client)) {
        azm_clickhouse_client_close(client);
        return azm_fail(err, AZM_NO_MEMORY, "no memory for a connection");
    }
    set_options(client);
    *out = client;
    return AZM_OK;
}

void azm_clickhouse_client_close(struct azm_clickhouse_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl);
    curl_slist_free_all(client->headers);
    azm_buf_dispose(&client->answer);
    free(client);
}

/* The begin of what the server said, on one line. */
static azm_slice told(const struct azm_buf *answer, char out[TOLD_MAX])
{
    size_t n = azm_slice_copy(azm_slice_trim(azm_buf_slice(answer)), out, TOLD_MAX);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)out[i] < ' ' || out[i] == 0x7f)
            out[i] = ' ';
    return azm_slice_trim(azm_slice_of(out, n));
}

static enum azm_status status_of(long code, azm_slice text)
{
    static const azm_slice denied[] = {AZM_S_INIT("Code: 192,"), AZM_S_INIT("Code: 193,"), AZM_S_INIT("Code: 194,"),
                                       AZM_S_INIT("Code: 497."), AZM_S_INIT("Code: 516.")};
    if (code == 401 || code == 403)
        return AZM_DENIED;
    for (size_t i = 0; i < AZM_COUNT(denied); i++)
        if (azm_slice_starts(text, denied[i]))
            return AZM_DENIED;
    return code == 400 ? AZM_BAD_INPUT : AZM_IO;
}

static enum azm_status judge(struct azm_clickhouse_client *client, CURLcode rc, struct azm_error *err)
{
    const char *shown = client->address->shown;
    char text[TOLD_MAX];
    long code = 0;
    if (rc == CURLE_WRITE_ERROR && client->answer.failed)
        return azm_fail(err, AZM_TOO_BIG, "%s answered more than %zu MiB", shown, AZM_CLICKHOUSE_ANSWER_MAX >> 20);
    if (rc != CURLE_OK)
        return azm_fail(err, rc == CURLE_OPERATION_TIMEDOUT ? AZM_TIMEOUT : AZM_NETWORK, "%s: %s", shown,
                        client->reason[0] ? client->reason : curl_easy_strerror(rc));
    curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &code);
    if (code == 200)
        return AZM_OK;
    azm_slice said = told(&client->answer, text);
    return azm_fail(err, status_of(code, said), "%s answered %ld: %.*s", shown, code, AZM_FMT(said));
}

static enum azm_status post(struct azm_clickhouse_client *client, const char *database, const char *query,
                            azm_slice body, long timeout_ms, struct azm_error *err)
{
    const struct azm_clickhouse_address *address = client->address;
    char url[URL_MAX];
    snprintf(url, sizeof url, "%s://%s:%u/?database=%s" SETTINGS "%s", address->tls ? "https" : "http", address->host,
             address->port, database, query);
    azm_buf_clear(&client->answer);
    client->reason[0] = 0;
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDS, body.len ? body.ptr : "");
    curl_easy_setopt(client->curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len);
    return judge(client, curl_easy_perform(client->curl), err);
}

enum azm_status azm_clickhouse_create(struct azm_clickhouse_client *client, struct azm_error *err)
{
    char sql[120];
    int n = snprintf(sql, sizeof sql, "CREATE DATABASE IF NOT EXISTS %s", client->address->database);
    enum azm_status status = post(client, "", "", azm_slice_of(sql, (size_t)n), ASK_MS, err);
    return status == AZM_DENIED ? AZM_OK : status; /* then it has to be there */
}

enum azm_status azm_clickhouse_ask(struct azm_clickhouse_client *client, azm_slice sql, struct azm_buf **answer,
                                   struct azm_error *err)
{
    enum azm_status status = post(client, client->address->database, "&max_execution_time=60", sql, ASK_MS, err);
    if (answer)
        *answer = &client->answer;
    return status;
}

enum azm_status azm_clickhouse_insert(struct azm_clickhouse_client *client, const char *table, azm_slice rows,
                                      struct azm_error *err)
{
    char query[200];
    snprintf(query, sizeof query, "&query=INSERT%%20INTO%%20%s%%20FORMAT%%20JSONEachRow", table);
    return post(client, client->address->database, query, rows, INSERT_MS, err);
}
