/* What is slow or may block (opening files, reading the app's settings, starting the agent) is done on a second thread,
 * never between a customer's bytes. Errands run one after the other, in order. */
#pragma once

#include <stdbool.h>

struct azm_errands;

typedef void azm_errand(void *self);

/* NULL when no thread can be had. The thread starts with the first errand. */
struct azm_errands *azm_errands_open(void);
/* Waits at most wait_ms for what was posted, then leaves the thread to itself (the process is about to end); in that
 * case returns false, and whatever errands use must stay. NULL is fine. */
bool azm_errands_close(struct azm_errands *errands, unsigned wait_ms);
/* self is borrowed until the errand ran. False when too many are waiting (16). */
bool azm_errands_post(struct azm_errands *errands, azm_errand *run, void *self);
