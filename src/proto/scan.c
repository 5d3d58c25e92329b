#include "proto/scan.h"

#include "proto/wire.h"

enum state { AT_TAG, IN_TAG, IN_NUMBER, IN_LENGTH, IN_FIXED, IN_TAKEN, IN_SKIPPED, BROKEN };

static const struct azm_scan_rule skip_rule;

void azm_scan_begin(struct azm_scan *scan, const struct azm_scan_message *type, uint64_t length,
                    const struct azm_scan_handler *handler, void *self)
{
    scan->handler = handler;
    scan->self = self;
    scan->pos = 0;
    scan->end = length;
    scan->state = AT_TAG;
    scan->depth = 0;
    scan->rule = &skip_rule;
    scan->level[0].type = type;
    scan->level[0].end = length;
    scan->level[0].slot = 0;
}

static const struct azm_scan_rule *find_rule(const struct azm_scan_message *type, uint64_t field)
{
    for (size_t i = 0; i < type->count; i++) /* a handful of rules, in order: shorter than a table of all numbers */
        if (type->rules[i].field >= field)
            return type->rules[i].field == field ? &type->rules[i] : &skip_rule;
    return &skip_rule;
}

/* Reads on with a varint that may have begun in an earlier piece. AZM_MORE when the piece ends inside it. */
static inline enum azm_status read_varint(struct azm_scan *scan, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *p = *at;
    while (p < end) {
        uint8_t byte = *p++;
        if (scan->shift == 63 && byte > 1)
            return AZM_BAD_INPUT;
        scan->varint |= (uint64_t)(byte & 0x7f) << scan->shift;
        scan->shift += 7;
        if (!(byte & 0x80)) {
            *at = p;
            return AZM_OK;
        }
        if (scan->shift > 63)
            return AZM_BAD_INPUT;
    }
    *at = p;
    return AZM_MORE;
}

static inline void start_varint(struct azm_scan *scan, enum state state)
{
    scan->state = state;
    scan->varint = 0;
    scan->shift = 0;
}

/* A field is complete: levels that end here end with it. */
static inline void field_done(struct azm_scan *scan)
{
    scan->state = AT_TAG;
    while (scan->depth && scan->level[scan->depth].end == scan->pos) {
        scan->handler->leave(scan->self, scan->level[scan->depth].slot);
        scan->depth--;
    }
}

/* The tag is known. False: it makes no sense. */
static bool tag_done(struct azm_scan *scan)
{
    uint64_t field = scan->varint >> 3;
    if (field == 0 || field > 0x1fffffff)
        return false;
    scan->rule = find_rule(scan->level[scan->depth].type, field);
    switch (scan->varint & 7) {
    case AZM_WIRE_VARINT: start_varint(scan, IN_NUMBER); return true;
    case AZM_WIRE_BYTES: start_varint(scan, IN_LENGTH); return true;
    case AZM_WIRE_FIXED64:
    case AZM_WIRE_FIXED32:
        scan->left = (scan->varint & 7) == AZM_WIRE_FIXED64 ? 8 : 4;
        start_varint(scan, IN_FIXED);
        return scan->left <= scan->level[scan->depth].end - scan->pos;
    default: return false;
    }
}

/* The content of a delimited field is complete. */
static inline void finish(struct azm_scan *scan)
{
    if (scan->state == IN_TAKEN)
        scan->handler->took(scan->self, scan->rule->slot, scan->copied, scan->length);
    field_done(scan);
}

/* The length of a delimited field is known. False: it is longer than what holds it, or too deep. */
static bool length_done(struct azm_scan *scan)
{
    const struct azm_scan_rule *rule = scan->rule;
    scan->length = scan->left = scan->varint;
    if (scan->left > scan->level[scan->depth].end - scan->pos)
        return false;
    scan->state = IN_SKIPPED;
    if (rule->action == AZM_SCAN_ENTER) {
        if (scan->depth + 1u == AZM_SCAN_DEPTH)
            return false;
        scan->depth++;
        scan->level[scan->depth].type = rule->into;
        scan->level[scan->depth].end = scan->pos + scan->length;
        scan->level[scan->depth].slot = rule->slot;
        scan->handler->enter(scan->self, rule->slot);
        field_done(scan); /* an empty submessage ends where it begins */
        return true;
    }
    if (rule->action == AZM_SCAN_TAKE) {
        scan->target = scan->handler->want(scan->self, rule->slot, scan->length);
        scan->copied = 0;
        if (scan->target.to)
            scan->state = IN_TAKEN;
    }
    if (scan->left == 0)
        finish(scan);
    return true;
}

/* Copies or skips what the piece has of the field. */
static inline const uint8_t *pass_content(struct azm_scan *scan, const uint8_t *p, const uint8_t *end)
{
    size_t n = (uint64_t)(end - p) < scan->left ? (size_t)(end - p) : (size_t)scan->left;
    if (scan->state == IN_TAKEN && AZM_UNLIKELY(scan->target.watched))
        scan->handler->piece(scan->self, scan->rule->slot, azm_slice_of(p, n));
    if (scan->state == IN_TAKEN && scan->copied < scan->target.cap) {
        size_t room = scan->target.cap - scan->copied, part = n < room ? n : room;
        memcpy(scan->target.to + scan->copied, p, part);
        scan->copied += part;
    }
    scan->left -= n;
    scan->pos += n;
    if (scan->left == 0)
        finish(scan);
    return p + n;
}

static inline void number_done(struct azm_scan *scan)
{
    if (scan->rule->action == AZM_SCAN_NUMBER)
        scan->handler->number(scan->self, scan->rule->slot, scan->varint);
    field_done(scan);
}

static inline const uint8_t *pass_fixed(struct azm_scan *scan, const uint8_t *p, const uint8_t *end)
{
    for (; p < end && scan->left; p++, scan->left--, scan->pos++, scan->shift += 8)
        scan->varint |= (uint64_t)*p << scan->shift;
    if (scan->left == 0)
        number_done(scan);
    return p;
}

/* The varint that was being read is complete: it was a tag, a number or a length. */
static inline bool varint_done(struct azm_scan *scan)
{
    switch ((enum state)scan->state) {
    case IN_TAG: return tag_done(scan);
    case IN_NUMBER: number_done(scan); return true;
    case IN_LENGTH: return length_done(scan);
    case AT_TAG:
    case IN_FIXED:
    case IN_TAKEN:
    case IN_SKIPPED:
    case BROKEN: break;
    }
    return false;
}

static bool pass_varint(struct azm_scan *scan, const uint8_t **at, const uint8_t *end)
{
    const uint8_t *start = *at;
    enum azm_status st = read_varint(scan, at, end);
    scan->pos += (uint64_t)(*at - start);
    if (st == AZM_BAD_INPUT || scan->pos > scan->level[scan->depth].end)
        return false;
    return st == AZM_MORE || varint_done(scan);
}

/* Fields that lie whole in the piece, with a tag of one or two bytes and a length of one or two: nearly all of them.
 * Stops before the first that is not so, or makes no sense; the slow way takes it from there. */
static const uint8_t *pass_whole_fields(struct azm_scan *scan, const uint8_t *p, const uint8_t *end)
{
    while (end - p >= 4) {
        const uint8_t *q = p + 1;
        uint32_t tag = p[0], len;
        if (tag & 0x80) {
            if (*q & 0x80)
                break;
            tag = (tag & 0x7f) | (uint32_t)*q++ << 7;
        }
        if ((tag & 7) != AZM_WIRE_BYTES || tag < 8)
            break;
        len = *q++;
        if (len & 0x80) {
            if (q == end || *q & 0x80)
                break;
            len = (len & 0x7f) | (uint32_t)*q++ << 7;
        }
        uint64_t begin = scan->pos + (uint64_t)(q - p);
        if (begin + len > scan->level[scan->depth].end)
            break;
        const struct azm_scan_rule *rule = find_rule(scan->level[scan->depth].type, tag >> 3);
        if (rule->action == AZM_SCAN_ENTER) {
            if (scan->depth + 1u == AZM_SCAN_DEPTH)
                break;
            scan->pos = begin;
            scan->depth++;
            scan->level[scan->depth].type = rule->into;
            scan->level[scan->depth].end = begin + len;
            scan->level[scan->depth].slot = rule->slot;
            scan->handler->enter(scan->self, rule->slot);
            p = q;
        } else {
            if ((size_t)(end - q) < len)
                break;
            if (rule->action == AZM_SCAN_TAKE) {
                struct azm_scan_target target = scan->handler->want(scan->self, rule->slot, len);
                size_t copied = len < target.cap ? len : target.cap;
                if (target.to) {
                    if (AZM_UNLIKELY(target.watched))
                        scan->handler->piece(scan->self, rule->slot, azm_slice_of(q, len));
                    memcpy(target.to, q, copied);
                    scan->handler->took(scan->self, rule->slot, copied, len);
                }
            }
            scan->pos = begin + len;
            p = q + len;
        }
        if (scan->depth && scan->level[scan->depth].end == scan->pos)
            field_done(scan);
    }
    return p;
}

enum azm_status azm_scan_feed(struct azm_scan *scan, azm_slice piece)
{
    const uint8_t *p = (const uint8_t *)piece.ptr, *end = p + piece.len;
    bool good = scan->state != BROKEN && piece.len <= scan->end - scan->pos;
    while (good && p < end) {
        switch ((enum state)scan->state) {
        case AT_TAG:
            p = pass_whole_fields(scan, p, end);
            if (p == end)
                break;
            start_varint(scan, IN_TAG); /* fall through */
        case IN_TAG:
        case IN_NUMBER:
        case IN_LENGTH: good = pass_varint(scan, &p, end); break;
        case IN_FIXED: p = pass_fixed(scan, p, end); break;
        case IN_TAKEN:
        case IN_SKIPPED: p = pass_content(scan, p, end); break;
        case BROKEN: good = false; break;
        }
    }
    if (good && scan->pos < scan->end)
        return AZM_OK;
    if (good && scan->state == AT_TAG)
        return AZM_END; /* levels close eagerly, so none is open here */
    scan->state = BROKEN;
    return AZM_BAD_INPUT;
}
