/* One list of results for the whole of Azimuth, and one sentence for a human beside it.
 * AZM_OK is 0. Codecs return the status alone; whoever knows the cause adds the sentence with azm_fail(). */
#pragma once

#include "base/attr.h"

#define AZM_STATUS_MAP(X)                                                                                              \
    X(OK, "ok")                                                                                                        \
    X(MORE, "more bytes are needed")                                                                                   \
    X(END, "end of data")                                                                                              \
    X(BAD_INPUT, "malformed input")                                                                                    \
    X(BAD_CONFIG, "bad setting")                                                                                       \
    X(BAD_USAGE, "wrong usage")                                                                                        \
    X(TOO_BIG, "over a limit")                                                                                         \
    X(FULL, "no room left")                                                                                            \
    X(NOT_FOUND, "not found")                                                                                          \
    X(EXISTS, "exists already")                                                                                        \
    X(BUSY, "in use by another process")                                                                               \
    X(DENIED, "permission denied")                                                                                     \
    X(UNSAFE, "not safe to use")                                                                                       \
    X(UNSUPPORTED, "not supported")                                                                                    \
    X(IO, "input or output failed")                                                                                    \
    X(NETWORK, "network failure")                                                                                      \
    X(TIMEOUT, "timed out")                                                                                            \
    X(NO_MEMORY, "out of memory")

enum azm_status {
#define AZM_STATUS_NAME(name, text) AZM_##name,
    AZM_STATUS_MAP(AZM_STATUS_NAME)
#undef AZM_STATUS_NAME
};

/* The text of a status, for logs. Never NULL. */
const char *azm_status_text(enum azm_status status);

/* A sentence that names the input, the place and what was expected. Lives in the caller's storage; longer text is cut.
 */
struct azm_error {
    enum azm_status status;
    char text[512];
};

/* Writes the sentence and returns status. err may be NULL. */
enum azm_status azm_fail(struct azm_error *err, enum azm_status status, const char *fmt, ...) AZM_PRINTF(3, 4);
