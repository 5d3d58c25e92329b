/* The same bytes at once and one by one give the same events and the same end.
 * First byte: 0 the client's direction; 1 the server's; 2 the second byte says how many bytes the server sent before
 * the client's. */
#include <stdlib.h>

#include "http/h2_log.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct outcome {
    struct azm_h2_log log;
    struct azm_h2 client, server;
};

static enum azm_status feed(struct azm_h2 *h2, azm_slice in, bool bytewise)
{
    enum azm_status st = azm_h2_feed(h2, bytewise ? AZM_S("") : in);
    for (; bytewise && in.len && st == AZM_OK; in = azm_slice_drop(in, 1))
        st = azm_h2_feed(h2, azm_slice_take(in, 1));
    return st;
}

static enum azm_status run(struct outcome *out, azm_slice from_server, azm_slice from_client, bool bytewise)
{
    azm_buf_init(&out->log.text, 16 << 20);
    out->log.data_stream = 0;
    azm_h2_init_client(&out->client, &azm_h2_log_handler, &out->log);
    azm_h2_init_server(&out->server, &out->client, &azm_h2_log_handler, &out->log);
    enum azm_status st = feed(&out->server, from_server, bytewise);
    enum azm_status client = feed(&out->client, from_client, bytewise);
    return st == AZM_OK ? client : st;
}

static void dispose(struct outcome *out)
{
    azm_h2_dispose(&out->server);
    azm_h2_dispose(&out->client);
    azm_buf_dispose(&out->log.text);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct outcome whole, bytes;
    if (size < 2)
        return 0;
    azm_slice in = azm_slice_of(data + 2, size - 2), server = azm_slice_take(in, data[1]), client = in;
    switch (data[0]) {
    case 0: server = AZM_S(""); break;
    case 1:
        server = in;
        client = AZM_S("");
        break;
    default: client = azm_slice_drop(in, server.len); break;
    }
    if (run(&whole, server, client, false) != run(&bytes, server, client, true))
        abort();
    if (!azm_slice_eq(azm_buf_slice(&whole.log.text), azm_buf_slice(&bytes.log.text)))
        abort();
    dispose(&whole);
    dispose(&bytes);
    return 0;
}
