/* Where a ClickHouse server is: clickhouse://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE. clickhouses: TLS. Ports: 8123,
 * with TLS 8443. Percent signs in user and password are resolved; a host of IPv6 stands in brackets. */
#pragma once

#include "base/slice.h"

struct azm_clickhouse_address {
    bool tls;
    char host[256], user[128], password[256]; /* host with the brackets; user may be empty */
    char database[65];                        /* letters, digits and '_' */
    unsigned port;
    char shown[400]; /* without user and password */
};

/* AZM_BAD_CONFIG names what is wrong, and never the password. */
enum azm_status azm_clickhouse_address_parse(azm_slice text, struct azm_clickhouse_address *out,
                                             struct azm_error *err) AZM_MUST_CHECK;
