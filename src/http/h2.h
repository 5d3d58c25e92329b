/* Watches one direction of an HTTP/2 connection: frames in pieces of any size become calls. It sends nothing, takes
 * part in nothing and collects nothing: DATA is handed out as it lies in the bytes that came, without its padding. The
 * client's header blocks are inflated (every one of them must be, the compression has memory); the server's are
 * skipped. Doubt about the framing is an end: what a stream means after it cannot be known. Source: RFC 9113, RFC 7541.
 */
#pragma once

#include "base/slice.h"

/* The inflater's table is never larger than this, whatever the server's SETTINGS allow; a client that uses more cannot
 * be followed. Together with one name and value (64 KiB each at most) it bounds the memory of a connection. */
#define AZM_H2_TABLE_MAX 65536u

/* SETTINGS frames of the server that the client has not acknowledged yet; one is usual. */
#define AZM_H2_SETTINGS_MAX 8u

/* Any of them may be NULL. Slices are borrowed until the call returns. */
struct azm_h2_handler {
    /* One field of a header block or trailer, pseudo-header fields (":path") too; client's direction only. */
    void (*on_header)(void *self, uint32_t stream, azm_slice name, azm_slice value);
    /* The header block is complete, in either direction; ends_stream: on_stream_end follows at once. A server's
     * PUSH_PROMISE is not told. */
    void (*on_headers_end)(void *self, uint32_t stream, bool ends_stream);
    void (*on_data)(void *self, uint32_t stream, azm_slice piece); /* never empty */
    void (*on_stream_end)(void *self, uint32_t stream);            /* END_STREAM, once its frame is complete */
    void (*on_reset)(void *self, uint32_t stream, uint32_t error_code);
    void (*on_goaway)(void *self, uint32_t last_stream, uint32_t error_code);
};

struct nghttp2_hd_inflater;

/* Embeddable; its fields are its own. */
struct azm_h2 {
    const struct azm_h2_handler *handler;
    void *self;
    struct azm_h2 *client;                /* server's direction: whom its SETTINGS concern; NULL in the client's */
    struct nghttp2_hd_inflater *inflater; /* made with the first header block */
    uint32_t left;                        /* of the part of the frame that `step` reads */
    uint32_t stream;
    uint8_t step, type, flags, padding;
    uint8_t have; /* bytes in `small` */
    uint8_t small[9];
    bool block_open;     /* a header block waits for CONTINUATION */
    bool block_skipped;  /* not to be inflated */
    bool block_promised; /* of a PUSH_PROMISE */
    bool block_ends_stream;
    bool settings_seen;
    uint8_t status; /* enum azm_status; sticky */
    uint8_t settings_count;
    uint32_t table_size;                       /* announced by the SETTINGS frame that is being read */
    uint32_t table_sizes[AZM_H2_SETTINGS_MAX]; /* of SETTINGS the client has yet to acknowledge, oldest first */
};

/* The direction client -> server: begins with the preface. handler is borrowed for the scanner's life. */
void azm_h2_init_client(struct azm_h2 *h2, const struct azm_h2_handler *handler, void *self);
/* The direction server -> client. client: the scanner of the other direction, which must not move or end before this
 * one; give the server's bytes first where both have come, so that SETTINGS are seen before their ACK. */
void azm_h2_init_server(struct azm_h2 *h2, struct azm_h2 *client, const struct azm_h2_handler *handler, void *self);
void azm_h2_dispose(struct azm_h2 *h2);

/* All bytes are taken. AZM_BAD_INPUT: this is no HTTP/2, or out of order, or a header block does not inflate;
 * AZM_NO_MEMORY. Both are final: the scanner does nothing more and says the same again. */
enum azm_status azm_h2_feed(struct azm_h2 *h2, azm_slice bytes) AZM_MUST_CHECK;
