/* The answer of /api/status, as JSON. docs/API.md describes the fields. */
#pragma once

#include "base/buf.h"
#include "hub/store/reader.h"
#include "hub/store/store.h"

enum azm_status azm_query_status(struct azm_reader *reader, struct azm_store *store, struct azm_buf *out,
                                 struct azm_error *err) AZM_MUST_CHECK;
