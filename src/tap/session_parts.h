/* What the three files of a session ask of each other: session.c (settings, errands, life), session_messages.c (what
 * host and worker say) and session_invocations.c (from a request to what goes into the ring). */
#pragma once

#include "tap/rpc.h"
#include "tap/session_state.h"

#define AZM_PREPARE_WAIT_US 5000000 /* for the app's files; then events go out with what is known */

/* --- session.c --- */

/* Reads the settings anew: at the start, and when a reload message brought the app's own environment. */
void azm_session_configure(struct azm_session *session);
/* The ring's file and the app's own files, once the worker is being greeted. */
void azm_session_prepare(struct azm_session *session, int64_t now_us);
/* What was asked for since the errands were posted; invocations wait for it as they do at first. */
void azm_session_read_more(struct azm_session *session, int64_t now_us);
/* Into the ring, what is to be told beside invocations. */
void azm_session_tell_news(struct azm_session *session, int64_t now_us);
/* The agent, when there is something for it and nobody knows of one. */
void azm_session_start_agent(struct azm_session *session, int64_t now_us);

/* --- session_messages.c --- */

void azm_session_app_directory(struct azm_session *session, azm_slice directory);
/* A binding that was read from a file: for azm_files_take(). */
void azm_session_describe(void *self, azm_slice id, azm_slice name, azm_slice binding_json);

/* --- session_invocations.c --- */

void azm_session_begin(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us);
void azm_session_end(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us);
void azm_session_cancel(struct azm_session *session, const struct azm_rpc_message *message, int64_t now_us);
/* What was read meanwhile, and the invocations that waited for it, in the order of their answers. */
void azm_session_catch_up(struct azm_session *session, int64_t now_us);
/* Another app's settings are about to come: what is open belongs to the one before. */
void azm_session_end_app(struct azm_session *session);
