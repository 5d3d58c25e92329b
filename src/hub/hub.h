/* The hub: one HTTP server that takes intake v2, keeps it, answers queries and serves a page. docs/API.md lists the
 * paths. Its threads: the server's own (a few) and the store's writer. */
#pragma once

#include "base/slice.h"

struct azm_hub;

struct azm_hub_options {
    const char *listen;    /* HOST:PORT, see listen.h; port 0 takes a free one */
    const char *otlp_http; /* the same, for OTLP/HTTP alone; NULL: not listened on */
    bool otlp_needed;      /* fail when that port is taken, rather than go on without */
    const char *otlp_grpc; /* the same two for OTLP/gRPC */
    bool grpc_needed;
    const char *store;    /* clickhouse://..., see store/store.h; NULL or empty: SQLite's file in data_dir */
    const char *data_dir; /* made when it is missing */
    const char *token;    /* NULL or empty: none. Needed off loopback. Printable ASCII, 400 characters at most */
    const char *tls_cert; /* PEM files, see tls/certificate.h; both or neither (NULL or empty), for all ports */
    const char *tls_key;
    int64_t max_age_us; /* of stored traces; 0: for ever */
    uint64_t max_bytes; /* of the store; 0: no limit */
};

/* AZM_BAD_CONFIG: the address is wrong, or not loopback without a token, or the certificate cannot be used. AZM_BUSY:
 * the port is taken. */
enum azm_status azm_hub_start(const struct azm_hub_options *options, struct azm_hub **out,
                              struct azm_error *err) AZM_MUST_CHECK;
/* Takes no new requests, lets those under way end (for 2 s at most), commits, and is gone. NULL is fine. */
void azm_hub_stop(struct azm_hub *hub);
/* Takes up a certificate that was renewed. To be called now and then, as the next one. */
void azm_hub_renew(struct azm_hub *hub);
/* Ends connections that bring their requests too slowly. */
void azm_hub_sweep(struct azm_hub *hub);
/* Where the data is: a file, or a server's address without its password. */
const char *azm_hub_store_path(const struct azm_hub *hub);
/* The real one. */
unsigned azm_hub_port(const struct azm_hub *hub);
/* Of OTLP/HTTP; 0: it is not listened on. */
unsigned azm_hub_otlp_port(const struct azm_hub *hub);
unsigned azm_hub_grpc_port(const struct azm_hub *hub);
/* Since the last request began or ended; 0 while one is under way. */
uint64_t azm_hub_idle_ms(struct azm_hub *hub);
