/* Structs as protobuf messages, by a table: the same rows write and read them, so the two cannot disagree. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

enum azm_field_kind {                     /* of the struct's member; in brackets: what counts as "left out" */
                      AZM_FIELD_TEXT,     /* azm_slice (ptr NULL) */
                      AZM_FIELD_TRACE_ID, /* azm_trace_id (all zeros) */
                      AZM_FIELD_SPAN_ID,  /* azm_span_id (all zeros) */
                      AZM_FIELD_UINT32,   /* uint32_t or unsigned (0) */
                      AZM_FIELD_UINT64,   /* uint64_t (0) */
                      AZM_FIELD_INT64,    /* int64_t, zig-zag (0) */
                      AZM_FIELD_BOOL,     /* bool (false) */
                      AZM_FIELD_NOT,      /* bool, written the other way round (true) */
                      AZM_FIELD_TRISTATE, /* enum azm_tristate (AZM_UNSET) */
                      AZM_FIELD_ENUM,     /* any enum from 0 to `last` (0, and what is past `last`) */
                      AZM_FIELD_RATE,     /* double from 0 to 1 (negative) */
                      AZM_FIELD_MESSAGE,  /* a struct inside the struct (nothing in it) */
                      AZM_FIELD_PART,     /* the same, of a struct that says nothing when it is all zeros */
                      AZM_FIELD_REPEATED  /* const pointer to structs, and a size_t count at `count_offset` (0) */
};

struct azm_schema;

struct azm_field {
    uint32_t no;
    enum azm_field_kind kind;
    size_t offset, count_offset;
    unsigned last;
    const struct azm_schema *of; /* of a message, or of the elements */
};

struct azm_schema {
    const struct azm_field *fields;
    size_t count, size; /* size: of the struct */
};

void azm_fields_put(struct azm_buf *out, const struct azm_schema *schema, const void *from);
/* Sets the members that `in` has; the others keep what they are. AZM_BAD_INPUT, AZM_NO_MEMORY. */
enum azm_status azm_fields_get(azm_slice in, const struct azm_schema *schema, struct azm_arena *arena,
                               void *to) AZM_MUST_CHECK;
