/* The parts of a URL, as events and servers need them. Splits, does not judge: what it does not understand ends up in
 * the path. */
#pragma once

#include "base/slice.h"

/* Borrowed from the text; ptr NULL: not there. */
struct azm_url {
    azm_slice scheme;   /* "http", without the colon */
    azm_slice userinfo; /* "user:password", without the @ */
    azm_slice host;     /* without the brackets of an IPv6 address */
    azm_slice port;     /* decimal digits; NULL when anything else stands there */
    azm_slice path;     /* from its slash on, may be empty */
    azm_slice query;    /* with its question mark */
    azm_slice rest;     /* everything behind the authority, but for the fragment */
};

/* An absolute URL, or a path with a query. The fragment is left out. */
void azm_url_split(azm_slice text, struct azm_url *out);
/* "host:port", "[v6]:port" or "host", as a Host header has it. */
void azm_url_split_host(azm_slice text, azm_slice *host, azm_slice *port);

/* localhost, 127.0.0.1 and ::1: the three that Elastic's specification calls local. */
bool azm_url_is_loopback(azm_slice url);
