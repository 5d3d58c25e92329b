/* What a query asks for, from its query string. docs/API.md lists the parameters of each. */
#pragma once

#include "hub/store/reader.h"

enum { AZM_PARAM_ATTRIBUTES = 16 };

/* Which parameters a query takes. */
enum {
    AZM_TAKES_TIME = 1 << 0,        /* since, until */
    AZM_TAKES_SERVICE = 1 << 1,     /* service */
    AZM_TAKES_ENVIRONMENT = 1 << 2, /* environment */
    AZM_TAKES_NAME = 1 << 3,        /* name, function */
    AZM_TAKES_FUNCTIONS = 1 << 4,   /* functions */
    AZM_TAKES_EVENT =
        1 << 5, /* name, function, type, trigger, status, outcome, coldstart, attr, group, and the durations */
    AZM_TAKES_WORDS = 1 << 6,   /* q */
    AZM_TAKES_LIST = 1 << 7,    /* limit, cursor */
    AZM_TAKES_ORDER = 1 << 8,   /* order */
    AZM_TAKES_FOLLOW = 1 << 9,  /* id, after */
    AZM_TAKES_TRACE = 1 << 10,  /* trace, transaction, level */
    AZM_TAKES_FORMAT = 1 << 11, /* format */
};

enum azm_order { AZM_ORDER_NONE, AZM_ORDER_NEWEST, AZM_ORDER_SLOWEST, AZM_ORDER_FASTEST, AZM_ORDER_COUNT };

/* Text is borrowed. */
struct azm_params {
    unsigned takes;
    struct azm_event_filter event; /* its attributes are those below */
    struct azm_pair attributes[AZM_PARAM_ATTRIBUTES];
    azm_slice id_prefix, trace, transaction;
    int64_t since_us, until_us; /* 0: not given */
    int64_t now_us;
    int64_t after, limit;
    bool functions;
    bool otlp; /* format */
    enum azm_order order;
    struct azm_cursor cursor;
};

/* now_us: what ages are counted from. */
void azm_params_init(struct azm_params *params, unsigned takes, int64_t now_us);
/* One parameter. AZM_BAD_INPUT names it and what was expected; a name that the query does not take is bad, too. */
enum azm_status azm_params_set(struct azm_params *params, azm_slice name, azm_slice value,
                               struct azm_error *err) AZM_MUST_CHECK;
/* After the last: whether they fit each other. */
enum azm_status azm_params_check(const struct azm_params *params, struct azm_error *err) AZM_MUST_CHECK;
