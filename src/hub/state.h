/* What the hub's files share. Inside src/hub only. */
#pragma once

#include "hub/connections.h"
#include "hub/grpc/server.h"
#include "hub/hub.h"
#include "hub/listen/listen.h"
#include "hub/store/reader.h"
#include "hub/store/store.h"

#include <microhttpd.h>
#include <stdatomic.h>
#include <uv.h>

enum { AZM_HUB_READERS = 8 };

/* Bytes of bodies that are held whole (OTLP, imports): of one, also unpacked, as the OTLP specification recommends; and
 * at once, by all requests. */
enum { AZM_BODY_MAX = 64 * 1024 * 1024, AZM_HUB_BODIES = 256 * 1024 * 1024 };

/* An address that is listened on. */
struct azm_listener {
    struct azm_hub *hub;
    struct azm_listen address;
    bool otlp_only; /* nothing but /v1/ is served there */
    struct MHD_Daemon *daemon;
    struct azm_connections connections;
};

struct azm_hub {
    struct azm_listener main, otlp;
    struct azm_listen grpc_address;
    struct azm_grpc_server *grpc; /* NULL: it is not listened on */
    _Atomic size_t bodies;        /* bytes held, see AZM_HUB_BODIES */
    char *token;                  /* NULL: none */
    bool tls;
    struct azm_store *store;
    struct azm_live *live;
    _Atomic uint64_t last_ns;  /* uv_hrtime of the last request's begin or end */
    _Atomic unsigned requests; /* under way */
    uv_mutex_t mutex;          /* guards all below */
    uv_cond_t settled;
    bool stopping;
    unsigned commits; /* under way: their connections are suspended */
    struct azm_reader *readers[AZM_HUB_READERS];
    size_t reader_count;
};

struct azm_intake;
struct azm_otlp_request;
struct azm_import_request;

/* One HTTP request, from its head to the end of its answer. */
struct azm_request {
    struct azm_hub *hub;
    struct azm_connections *connections;
    struct MHD_Connection *connection;
    const struct azm_route *route;
    azm_slice rest;               /* of the path, behind the route's own */
    struct MHD_Response *refusal; /* decided at the head, given at the end of the body */
    unsigned refusal_status;
    bool at_once; /* given at the head already */
    uint64_t discarded;
    struct azm_intake *intake;
    struct azm_otlp_request *otlp;
    struct azm_import_request *import;
    bool committing;
    unsigned waiting; /* batches of it that are not stored yet; guarded by the hub's mutex */
    enum azm_status committed;
};

/* Gives the answer, or takes a piece of the body: as MHD_AccessHandlerCallback after the first call. */
typedef enum MHD_Result azm_route_handler(struct azm_request *request, const char *data, size_t *size);
/* At the head of a request with a body: makes room for it, or sets a refusal. */
typedef void azm_route_begin(struct azm_request *request);

struct azm_route {
    const char *method, *path; /* a path that ends with '/' takes what lies below it */
    bool open;                 /* for callers without a token too */
    bool foreign_host;         /* also under a Host name that is not ours: see guard.h */
    azm_route_handler *handle;
    azm_route_begin *begin; /* NULL: no body is wanted */
};

/* route.c */
enum MHD_Result azm_route_request(void *listener, struct MHD_Connection *connection, const char *url,
                                  const char *method, const char *version, const char *data, size_t *size,
                                  void **state);
void azm_route_done(void *listener, struct MHD_Connection *connection, void **state,
                    enum MHD_RequestTerminationCode why);
azm_slice azm_request_header(const struct azm_request *request, const char *name);
/* It carries the token, or none is needed. */
bool azm_request_is_known(const struct azm_request *request);
bool azm_request_has_query(const struct azm_request *request, const char *name);

/* body.c: a body that is held whole until its end */
struct azm_body {
    struct azm_buf bytes;
    size_t held; /* of the hub's bodies */
};

void azm_body_init(struct azm_body *body);
void azm_body_dispose(struct azm_body *body, struct azm_hub *hub);
/* AZM_TOO_BIG: longer than AZM_BODY_MAX; AZM_NO_MEMORY: more than AZM_HUB_BODIES under way. */
enum azm_status azm_body_add(struct azm_body *body, struct azm_hub *hub, azm_slice piece) AZM_MUST_CHECK;

/* pages.c */
azm_route_handler azm_show_root, azm_show_asset, azm_show_config;

/* ask.c */
azm_route_handler azm_ask;
struct azm_params;
enum azm_status azm_hub_take_reader(struct azm_hub *hub, struct azm_reader **out, struct azm_error *err) AZM_MUST_CHECK;
void azm_hub_give_reader(struct azm_hub *hub, struct azm_reader *reader);
/* The query string, of which params borrows. AZM_BAD_INPUT names what is wrong. */
enum azm_status azm_request_params(struct azm_request *request, unsigned takes, struct azm_params *params,
                                   struct azm_error *err) AZM_MUST_CHECK;

/* export.c: one trace, or its export */
azm_route_handler azm_show_trace;

/* live.c */
azm_route_handler azm_show_live;
enum azm_status azm_live_start(struct azm_hub *hub, struct azm_live **out, struct azm_error *err) AZM_MUST_CHECK;
/* Ends all streams and takes no new ones. NULL is fine. */
void azm_live_end(struct azm_live *live);
/* When no connection is left. NULL is fine. */
void azm_live_free(struct azm_live *live);

/* upload.c */
azm_route_handler azm_take_intake;
azm_route_begin azm_intake_begin;

/* import.c */
azm_route_handler azm_take_import;
azm_route_begin azm_import_begin;
void azm_import_request_free(struct azm_import_request *import, struct azm_hub *hub);

/* otlp_upload.c */
azm_route_handler azm_take_otlp;
azm_route_begin azm_otlp_begin;
void azm_otlp_request_free(struct azm_otlp_request *otlp, struct azm_hub *hub);

/* otlp_grpc.c */
azm_grpc_admit azm_admit_grpc;
azm_grpc_handler azm_take_grpc;

/* commit.c: batches on their way to the store while the connection sleeps, so that an answer of success means that they
 * are stored, and a sender that is faster than the disk is slowed down by TCP. Afterwards the handler is called again,
 * with request->committing set and request->committed the outcome of all. False: the hub is stopping, nothing was
 * begun. */
bool azm_commit(struct azm_request *request, struct azm_batch **batches, size_t count);
