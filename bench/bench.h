/* Two things measured beside each other, in interleaved pairs: a, b, b, a, a, b ... so that a machine that gets slower
 * or faster meanwhile does so for both. Prints the medians, and ratio and difference of the pairs with their 95 %
 * intervals (of the median, from the ranks: no assumption about the distribution). */
#pragma once

#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BENCH_PAIRS_MAX 1000u

static inline double bench_now_ns(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

struct bench_interval {
    double median, low, high;
};

static inline int bench_by_value(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Sorts the values. count from 1 to BENCH_PAIRS_MAX; under 6 the interval is all of them. */
static inline struct bench_interval bench_interval_of(double *values, unsigned count)
{
    qsort(values, count, sizeof *values, bench_by_value);
    double rank = ((double)count - 1.96 * sqrt((double)count)) / 2;
    unsigned cut = rank < 1 ? 0 : (unsigned)rank - 1; /* the rank'th from either end, as an index */
    double median = count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
    return (struct bench_interval){median, values[cut], values[count - 1 - cut]};
}

struct bench_result {
    unsigned pairs;
    struct bench_interval yardstick, subject; /* what each one cost */
    struct bench_interval ratio, difference;  /* subject to yardstick, pair by pair */
};

/* Does the work once and returns its cost, in any unit; a negative cost ends the measurement with an error. */
typedef double bench_run(void *self);

static inline struct bench_result bench_pairs(const char *name, const char *unit, bench_run *yardstick,
                                              bench_run *subject, void *self, unsigned pairs)
{
    static double y[BENCH_PAIRS_MAX], s[BENCH_PAIRS_MAX], ratio[BENCH_PAIRS_MAX], difference[BENCH_PAIRS_MAX];
    pairs = pairs < 1 ? 1 : pairs > BENCH_PAIRS_MAX ? BENCH_PAIRS_MAX : pairs;
    yardstick(self); /* once for the caches */
    subject(self);
    for (unsigned i = 0; i < pairs; i++) {
        if (i % 2) {
            s[i] = subject(self);
            y[i] = yardstick(self);
        } else {
            y[i] = yardstick(self);
            s[i] = subject(self);
        }
        if (y[i] < 0 || s[i] < 0) {
            fprintf(stderr, "%s: the measurement failed\n", name);
            exit(1);
        }
        ratio[i] = s[i] / y[i];
        difference[i] = s[i] - y[i];
    }
    struct bench_result result = {pairs, bench_interval_of(y, pairs), bench_interval_of(s, pairs),
                                  bench_interval_of(ratio, pairs), bench_interval_of(difference, pairs)};
    printf("%-40s %10.1f %s against %.1f  ratio %.3f [%.3f, %.3f]  difference %+.1f [%+.1f, %+.1f] %s  (%u pairs)\n",
           name, result.subject.median, unit, result.yardstick.median, result.ratio.median, result.ratio.low,
           result.ratio.high, result.difference.median, result.difference.low, result.difference.high, unit, pairs);
    return result;
}

/* Prints whether a budget is met: it is when the interval reaches the figure. Returns a process's exit code. */
static inline int bench_budget(const char *what, struct bench_interval measured, double at_most)
{
    bool met = measured.low <= at_most;
    printf("%-40s budget %g: %s\n", what, at_most, met ? "met" : "NOT MET");
    return met ? 0 : 1;
}
