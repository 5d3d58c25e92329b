/* Azimuth's other executables lie beside the one that runs. */
#pragma once

#include "base/status.h"

#define AZM_PATH_MAX 4096

/* Our own executable, links resolved. */
enum azm_status azm_program_path(char out[AZM_PATH_MAX], struct azm_error *err) AZM_MUST_CHECK;
/* The executable of this name in our own folder; AZM_NOT_FOUND says where it was looked for. */
enum azm_status azm_program_beside(const char *name, char out[AZM_PATH_MAX], struct azm_error *err) AZM_MUST_CHECK;
