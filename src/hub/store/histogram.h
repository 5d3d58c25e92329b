/* A histogram of durations: logarithmic buckets, eight to each power of two, so a value read from it is within 6.25 %
 * of the true one. From 0 to 2^40 us (12 days); what is longer counts as that. */
#pragma once

#include "base/buf.h"

enum { AZM_HISTOGRAM_BUCKETS = 304 };

struct azm_histogram {
    double counts[AZM_HISTOGRAM_BUCKETS]; /* weighted, so not whole */
    double total;
    unsigned first, end; /* buckets that may hold something; end 0: none */
};

/* Which bucket it falls into. */
unsigned azm_histogram_bucket(int64_t duration_us);
void azm_histogram_add(struct azm_histogram *h, int64_t duration_us, double weight);
void azm_histogram_add_bucket(struct azm_histogram *h, unsigned bucket, double weight);
void azm_histogram_merge(struct azm_histogram *h, const struct azm_histogram *other);
/* The duration that the share (0 to 1) of all is not longer than: the middle of its bucket; 0 when h is empty. */
int64_t azm_histogram_quantile(const struct azm_histogram *h, double share);
/* The shortest duration of a bucket; of AZM_HISTOGRAM_BUCKETS, the end of the last. */
int64_t azm_histogram_lower(unsigned bucket);

/* As bytes: pairs of varints, the step from the bucket before and the count in thousandths. Only buckets that hold
 * something. */
void azm_histogram_encode(const struct azm_histogram *h, struct azm_buf *out);
/* Adds to h. AZM_BAD_INPUT: bytes are not of that form; what came before them was added. */
enum azm_status azm_histogram_decode(azm_slice bytes, struct azm_histogram *h) AZM_MUST_CHECK;
