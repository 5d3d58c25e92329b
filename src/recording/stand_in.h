/* A stand-in for a language worker: started through the tap with a worker's arguments, it connects where they say and
 * sends and receives what `azimuth replay` tells it to over a control connection (control.h). */
#pragma once

#include "base/status.h"

/* Until it is told to end, or the control connection ends. control: HOST:PORT. arguments: the worker's, ended by NULL;
 * --functions-uri is read, and --host and --port must name the same. */
enum azm_status azm_stand_in_run(const char *control, char **arguments, struct azm_error *err) AZM_MUST_CHECK;
