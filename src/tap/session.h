/* One worker's life as the EventStream tells it: functions, invocations, and the events made of them. Gets whole
 * messages (rpc.h), knows nothing of HTTP/2. One thread, but for what errands do. */
#pragma once

#include "tap/observe.h"
#include "tap/patch.h"
#include "tap/rpc.h"

struct azm_session;

/* env and program are borrowed for the session's life. NULL when memory is out. */
struct azm_session *azm_session_open(const struct azm_env *env, const char *program);
/* Ends what is open and waits so long for what was posted; what hangs longer is left behind, with the session that it
 * uses: the process is about to end. NULL is fine. */
void azm_session_close(struct azm_session *session, int64_t now_us, unsigned wait_ms);

/* It is a custom handler's: its functions are read from the app's folder, $FUNCTIONS_APP_ROOT_PATH. */
void azm_session_handler(struct azm_session *session);
/* The worker's process, for the report. */
void azm_session_worker(struct azm_session *session, uint32_t pid);
/* Where HTTP can be handed on to the worker; without it its HttpUri stays as it is. Copied. */
void azm_session_forward(struct azm_session *session, const struct azm_forward *forward);
/* The worker's greeting is awaited, and may hold an HttpUri that is to be changed. */
bool azm_session_armed(const struct azm_session *session);
/* The bytes that are fed from now on can be changed through this; NULL: they cannot. */
void azm_session_patch(struct azm_session *session, struct azm_patch *patch);

/* Invocation requests, too, are to be changed: AZIMUTH_TRACE_CONTEXT=rewrite. */
bool azm_session_rewrites(const struct azm_session *session);
/* So many trace contexts were left as they were. */
void azm_session_missed_rewrites(struct azm_session *session, uint64_t count);

/* Listeners for the two directions; self is the session. */
extern const struct azm_rpc_listener azm_session_from_host, azm_session_from_worker;

/* An EventStream begins and ends. When the last one ends, nothing that is open can be answered any more; it fails when
 * the worker's end comes behind it, or a second later. */
void azm_session_stream_opened(struct azm_session *session);
void azm_session_stream_closed(struct azm_session *session, int64_t now_us);

/* The worker process is gone: what is open has failed. When nobody had asked it to end, that is an error, told with
 * what has failed, or, where nothing has, by itself. */
void azm_session_worker_exit(struct azm_session *session, const struct azm_worker_end *end, int64_t now_us);

/* A connection cannot be followed any more, because of the bytes of one side: what is open is forgotten, not called a
 * failure. why: a sentence that lives for ever; it goes to the log and into the report. */
void azm_session_blind(struct azm_session *session, enum azm_side of, const char *why, int64_t now_us);
/* One message made no sense. */
void azm_session_malformed(struct azm_session *session, bool from_worker);

/* A line for the agent's log. Foreign text in it must be short. */
void azm_session_note(struct azm_session *session, azm_slice line);

/* Once a second: what waited, drop counts, the agent. */
void azm_session_tick(struct azm_session *session, int64_t now_us);
