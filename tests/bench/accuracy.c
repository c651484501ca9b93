// SPDX-License-Identifier: MIT
// How far F' of good regularity is from 80-bit arithmetic, in units of the last place.
//
//   bench accuracy POINTS   prints JSON: largest errors of tanh(t/2); of F' by the row table; by
//   the
//                           direct formula where it is the definition, and everywhere
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "brink/objective/objective.h"
#include "brink/objective/regularity.h"
#include "raw.h"

// Error of `value` in units of the last place of `exact`, a normal number > 0.
static double ulps(double value, long double exact)
{
    int exponent;
    frexpl(exact, &exponent);
    return (double)fabsl(ldexpl((long double)value - exact, 53 - exponent));
}

static long double exact_slope(double t, double a)
{
    long double v = fabsl((long double)t), length = v + 2 * log1pl(expl(-v));
    return (long double)a * powl(length, (long double)a - 1) * tanhl(v / 2);
}

// Points that fill an interval evenly: multiples of the golden ratio, and of another such number.
static double spread(long i, double from, double to, double irrational)
{
    double turn = (double)i * irrational;
    return from + (to - from) * (turn - floor(turn));
}

int bench_accuracy(int argc, char **argv)
{
    const double golden = 0.61803398874989485, plastic = 0.75487766624669276;
    long points = argc == 2 ? atol(argv[1]) : 0;
    double tangent = 0, direct = 0, direct_all = 0, table = 0;
    struct brink_curve curve;
    const struct brink_curve *row = &curve;
    if (points < 1) {
        fprintf(stderr, "bench accuracy: how many points?\n");
        return 1;
    }
    for (long i = 0; i < points; i++) {
        // A quarter of them near 0, where digits are lost most easily.
        double t = spread(i, 0, i % 2 ? 12 : 40, golden);
        t = i % 4 ? t : exp2(t - 40);
        if (i % 1000 == 0)
            brink_regularity_a.prepare(&curve, spread(i / 1000, 0.01, 0.999, plastic));
        double a = row->parameter;
        tangent = fmax(tangent, ulps(brink_a1_slope(t), tanhl((long double)t / 2)));
        direct_all = fmax(direct_all, ulps(brink_a_slope(t, a), exact_slope(t, a)));
        if (t < BRINK_ROW_END)
            table = fmax(table, ulps(brink_row_slope(row->table, t, a), exact_slope(t, a)));
        else
            direct = fmax(direct, ulps(brink_row_slope(row->table, t, a), exact_slope(t, a)));
    }
    printf("{\"points\": %ld, \"tanh\": %.3f, \"direct\": %.3f, \"direct_all\": %.3f, \"table\": "
           "%.3f}\n",
           points, tangent, direct, direct_all, table);
    return 0;
}
