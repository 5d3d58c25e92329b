/* OTLP over gRPC: the services of opentelemetry.proto.collector. */
#include "hub/state.h"

#include "hub/guard.h"
#include "hub/receive/otlp/otlp.h"
#include "os/clock.h"

#include <stdlib.h>

enum { ANSWER_MAX = 16 * 1024 };

/* One Export on its way to the store. */
struct export
{
    struct azm_hub *hub;
    struct azm_grpc_call *call;
    enum azm_otlp_signal signal;
    struct azm_otlp_map *map;
    _Atomic unsigned waiting; /* batches that are not stored yet */
    _Atomic bool failed;
};

static bool find_signal(azm_slice path, enum azm_otlp_signal *signal)
{
    static const azm_slice paths[] = {
        [AZM_OTLP_TRACES] = AZM_S_INIT("/opentelemetry.proto.collector.trace.v1.TraceService/Export"),
        [AZM_OTLP_LOGS] = AZM_S_INIT("/opentelemetry.proto.collector.logs.v1.LogsService/Export"),
        [AZM_OTLP_METRICS] = AZM_S_INIT("/opentelemetry.proto.collector.metrics.v1.MetricsService/Export"),
    };
    for (size_t i = 0; i < AZM_COUNT(paths); i++) {
        if (azm_slice_eq(path, paths[i])) {
            *signal = (enum azm_otlp_signal)i;
            return true;
        }
    }
    return false;
}

static void finish(struct export *export)
{
    struct azm_hub *hub = export->hub;
    struct azm_buf answer;
    azm_buf_init(&answer, ANSWER_MAX);
    azm_otlp_answer(export->signal, AZM_OTLP_PROTOBUF, azm_otlp_map_rejected(export->map), &answer);
    azm_otlp_map_free(export->map);
    if (export->failed)
        azm_grpc_refuse(export->call, AZM_GRPC_UNAVAILABLE, "the events could not be stored; send them again");
    else
        azm_grpc_answer(export->call, azm_buf_slice(&answer));
    azm_buf_dispose(&answer);
    free(export);
    hub->last_ns = uv_hrtime();
    hub->requests--;
}

/* On the writer's thread. */
static void committed(void *self, enum azm_status status)
{
    struct export *export = self;
    if (status != AZM_OK)
        export->failed = true;
    if (--export->waiting == 0)
        finish(export);
}

static void store(struct export *export)
{
    struct azm_batch **batches;
    size_t count = azm_otlp_map_batches(export->map, &batches);
    export->hub->requests++;
    export->waiting = (unsigned)count + 1; /* itself, so that it does not end in the middle */
    for (size_t i = 0; i < count; i++)
        azm_store_add(export->hub->store, batches[i], committed, export);
    committed(export, AZM_OK);
}

static void receive(struct azm_hub *hub, struct azm_grpc_call *call, enum azm_otlp_signal signal)
{
    struct azm_error err = {.status = AZM_OK};
    struct export *export = calloc(1, sizeof *export);
    if (!export) {
        azm_grpc_refuse(call, AZM_GRPC_UNAVAILABLE, "no memory for the call");
        return;
    }
    export->hub = hub;
    export->call = call;
    export->signal = signal;
    enum azm_status status =
        azm_otlp_receive(signal, AZM_OTLP_PROTOBUF, call->message, azm_clock_wall_us(), &export->map, &err);
    if (status == AZM_OK) {
        store(export);
        return;
    }
    azm_grpc_refuse(call, status == AZM_BAD_INPUT ? AZM_GRPC_INVALID_ARGUMENT : AZM_GRPC_UNAVAILABLE, err.text);
    azm_otlp_map_free(export->map);
    free(export);
}

const char *azm_admit_grpc(void *self, azm_slice authorization)
{
    const struct azm_hub *hub = self;
    return !hub->token || azm_guard_token(authorization, azm_slice_str(hub->token))
               ? NULL
               : "the hub's token is needed: authorization: Bearer TOKEN, or ApiKey TOKEN";
}

void azm_take_grpc(void *self, struct azm_grpc_call *call)
{
    struct azm_hub *hub = self;
    enum azm_otlp_signal signal;
    hub->last_ns = uv_hrtime();
    if (!find_signal(call->path, &signal))
        azm_grpc_refuse(call, AZM_GRPC_UNIMPLEMENTED,
                        "only OTLP's TraceService, LogsService and MetricsService are here");
    else
        receive(hub, call, signal);
}
