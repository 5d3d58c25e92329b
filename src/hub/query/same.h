/* Which events of a trace are one call told twice: by the Functions host, and by an agent of its worker. They share the
 * span's id (the agent took over the host's), or the invocation's id, or the agent's event links to the host's.
 * Source: design.md 4 "Which trace". */
#pragma once

#include "hub/store/reader.h"
#include "json/write.h"

struct azm_same;

/* NULL, when memory is out, is a fine one: it remembers nothing. */
struct azm_same *azm_same_new(void);
void azm_same_free(struct azm_same *same);
/* That process is a Functions host. All of them before the first event. */
void azm_same_add_host(struct azm_same *same, int64_t process);
/* Events in the order of the answer. */
void azm_same_add(struct azm_same *same, const struct azm_event_row *row);
/* "same": [{"host": 3, "worker": 7}], indexes of events. */
void azm_same_answer(const struct azm_same *same, struct azm_json_writer *json);
