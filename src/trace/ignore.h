/* Which transactions nobody wants to see, and which are to share a name. Sources: elastic/apm specs, tracing of
 * transactions (transaction_ignore_urls: the path alone counts; transaction_ignore_user_agents), messaging
 * (ignore_message_queues), transaction_name_groups. */
#pragma once

#include "trace/settings.h"

/* An HTTP request with that URL (whole, or a path with query; empty: not known yet) and header fields. */
bool azm_ignore_http(const struct azm_settings *settings, azm_slice url, struct azm_pairs headers);
/* queue: its name, or that of a topic or hub; empty: not known. */
bool azm_ignore_message(const struct azm_settings *settings, azm_slice queue);
/* The name, or what transaction_name_groups makes of it: the pattern itself. */
azm_slice azm_name_group(const struct azm_settings *settings, azm_slice name);
