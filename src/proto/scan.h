/* A resumable protobuf scanner: takes a message in pieces of any size, collects nothing, and hands out only the fields
 * that its tables name. Memory is one small struct whatever the message's size; a skipped field costs one subtraction
 * per piece. The same tables serve live traffic, recordings and the fuzzer.
 * Source of the format: protobuf.dev, "Encoding". Groups (wire types 3 and 4) are refused: proto3 has none. */
#pragma once

#include "base/slice.h"

#define AZM_SCAN_DEPTH 12u

enum azm_scan_action { AZM_SCAN_SKIP, AZM_SCAN_ENTER, AZM_SCAN_TAKE, AZM_SCAN_NUMBER };

struct azm_scan_message;

/* What to do with one field. `slot` is the handler's own name for it. */
struct azm_scan_rule {
    uint16_t field;
    uint8_t action; /* enum azm_scan_action */
    uint8_t slot;
    const struct azm_scan_message *into; /* for ENTER */
};

/* A message type: its rules in order of field number. Fields without a rule are skipped. */
struct azm_scan_message {
    const struct azm_scan_rule *rules;
    size_t count;
};

#define AZM_SCAN_MESSAGE(rules_) ((struct azm_scan_message){rules_, AZM_COUNT(rules_)})

/* Where the bytes of a taken field go: at most cap of them; NULL skips the field after all. */
struct azm_scan_target {
    char *to;
    size_t cap;
    bool watched; /* piece() is told where they lie in the input */
};

struct azm_scan_handler {
    /* A field to be taken begins, len bytes long. */
    struct azm_scan_target (*want)(void *self, unsigned slot, uint64_t len);
    /* It is complete: copied bytes lie in the target, len is its true length (copied < len: it was clipped). */
    void (*took)(void *self, unsigned slot, size_t copied, uint64_t len);
    /* A varint or fixed-size field. */
    void (*number)(void *self, unsigned slot, uint64_t value);
    /* An entered submessage begins and ends (once per element of a repeated field). */
    void (*enter)(void *self, unsigned slot);
    void (*leave)(void *self, unsigned slot);
    /* Some of a watched field's bytes, where they were fed. NULL when nothing is ever watched. */
    void (*piece)(void *self, unsigned slot, azm_slice piece);
};

struct azm_scan {
    const struct azm_scan_handler *handler;
    void *self;
    uint64_t pos, end; /* within the root message */
    uint64_t varint;
    uint64_t left; /* of the field that is being taken or skipped */
    uint64_t length;
    struct azm_scan_target target;
    size_t copied;
    uint8_t state, shift, depth;
    const struct azm_scan_rule *rule;
    struct {
        const struct azm_scan_message *type;
        uint64_t end;
        uint8_t slot;
    } level[AZM_SCAN_DEPTH];
};

/* Begins a message of `length` bytes. handler and self are borrowed until it ends. */
void azm_scan_begin(struct azm_scan *scan, const struct azm_scan_message *type, uint64_t length,
                    const struct azm_scan_handler *handler, void *self);
/* The next piece. AZM_OK: come back with more; AZM_END: the message is complete; AZM_BAD_INPUT: it makes no sense, and
 * every further call says so again. More bytes than the message has are AZM_BAD_INPUT. */
enum azm_status azm_scan_feed(struct azm_scan *scan, azm_slice piece) AZM_MUST_CHECK;
