/* StreamingMessages as the Functions host and the node worker write them for an HTTP-triggered function, one call each.
 * Shapes and sizes are those of tests/recordings/node-flags01.jsonl (request 870 bytes, two logs, response 120). */
#pragma once

#include "base/buf.h"

enum { BENCH_ID_LEN = 36 };

/* The arms of StreamingMessage that are looked at. */
enum bench_arm {
    BENCH_LOG = 2,
    BENCH_INVOCATION_REQUEST = 4,
    BENCH_INVOCATION_RESPONSE = 5,
    BENCH_LOAD_REQUEST = 8,
    BENCH_LOAD_RESPONSE = 9,
    BENCH_INIT_RESPONSE = 16,
    BENCH_INIT_REQUEST = 17,
    BENCH_START_STREAM = 20,
    BENCH_METADATA_REQUEST = 29,
    BENCH_METADATA_RESPONSE = 30,
};

/* The host's. */
void bench_put_init_request(struct azm_buf *out);
void bench_put_metadata_request(struct azm_buf *out);
void bench_put_load_request(struct azm_buf *out);
void bench_put_invocation(struct azm_buf *out, uint32_t number);

/* The worker's. */
void bench_put_start_stream(struct azm_buf *out, azm_slice worker_id);
void bench_put_init_response(struct azm_buf *out);
void bench_put_metadata_response(struct azm_buf *out);
void bench_put_load_response(struct azm_buf *out);
/* Two logs of the invocation and its response, each a message of its own. */
void bench_put_system_log(struct azm_buf *out, azm_slice invocation_id);
void bench_put_user_log(struct azm_buf *out, azm_slice invocation_id);
void bench_put_response(struct azm_buf *out, azm_slice invocation_id);

/* Which message it is, and its invocation's id where it has one (borrowed). False when it is none of them. */
bool bench_message_read(azm_slice message, enum bench_arm *arm, azm_slice *invocation_id);
/* The number that bench_put_invocation was given. */
uint32_t bench_invocation_number(azm_slice invocation_id);
