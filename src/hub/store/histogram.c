#include "hub/store/histogram.h"

#include "proto/wire.h"

#include <math.h>

enum { PER_OCTAVE = 8, PER_OCTAVE_LOG = 3, LONGEST_LOG = 40, MILLI = 1000 };

static unsigned log2_of(uint64_t v)
{
    unsigned n = 0;
    while (v >>= 1)
        n++;
    return n;
}

unsigned azm_histogram_bucket(int64_t duration_us)
{
    uint64_t v = duration_us > 0 ? (uint64_t)duration_us : 0;
    if (v < PER_OCTAVE)
        return (unsigned)v;
    unsigned octave = log2_of(v);
    if (octave >= LONGEST_LOG)
        return AZM_HISTOGRAM_BUCKETS - 1;
    unsigned shift = octave - PER_OCTAVE_LOG;
    return (shift + 1) * PER_OCTAVE + (unsigned)((v >> shift) & (PER_OCTAVE - 1));
}

int64_t azm_histogram_lower(unsigned bucket)
{
    if (bucket < PER_OCTAVE)
        return (int64_t)bucket;
    unsigned shift = bucket / PER_OCTAVE - 1;
    return (int64_t)(PER_OCTAVE + bucket % PER_OCTAVE) << shift;
}

static void widen(struct azm_histogram *h, unsigned first, unsigned end)
{
    if (h->end == 0 || first < h->first)
        h->first = first;
    if (end > h->end)
        h->end = end;
}

void azm_histogram_add_bucket(struct azm_histogram *h, unsigned bucket, double weight)
{
    h->counts[bucket] += weight;
    h->total += weight;
    widen(h, bucket, bucket + 1);
}

void azm_histogram_add(struct azm_histogram *h, int64_t duration_us, double weight)
{
    azm_histogram_add_bucket(h, azm_histogram_bucket(duration_us), weight);
}

void azm_histogram_merge(struct azm_histogram *h, const struct azm_histogram *other)
{
    if (other->end == 0)
        return;
    for (unsigned i = other->first; i < other->end; i++)
        h->counts[i] += other->counts[i];
    h->total += other->total;
    widen(h, other->first, other->end);
}

int64_t azm_histogram_quantile(const struct azm_histogram *h, double share)
{
    double wanted = h->total * share, seen = 0;
    unsigned last = 0;
    for (unsigned i = h->first; i < h->end; i++) {
        if (h->counts[i] <= 0)
            continue;
        last = i;
        seen += h->counts[i];
        if (seen >= wanted)
            break;
    }
    return h->total > 0 ? (azm_histogram_lower(last) + azm_histogram_lower(last + 1)) / 2 : 0;
}

void azm_histogram_encode(const struct azm_histogram *h, struct azm_buf *out)
{
    unsigned before = 0;
    for (unsigned i = h->first; i < h->end; i++) {
        uint64_t count = (uint64_t)llround(h->counts[i] * MILLI);
        if (count == 0)
            continue;
        azm_wire_put_varint(out, i - before);
        azm_wire_put_varint(out, count);
        before = i;
    }
}

enum azm_status azm_histogram_decode(azm_slice bytes, struct azm_histogram *h)
{
    uint64_t bucket = 0, step, count;
    while (bytes.len) {
        if (azm_wire_varint(&bytes, &step) != AZM_OK || azm_wire_varint(&bytes, &count) != AZM_OK)
            return AZM_BAD_INPUT;
        if (step >= AZM_HISTOGRAM_BUCKETS || (bucket += step) >= AZM_HISTOGRAM_BUCKETS)
            return AZM_BAD_INPUT;
        azm_histogram_add_bucket(h, (unsigned)bucket, (double)count / MILLI);
    }
    return AZM_OK;
}
