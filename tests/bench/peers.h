// SPDX-License-Identifier: MIT
// The same GD steps on the same cells by many hands: what `make bench` compares.
#ifndef BRINK_BENCH_PEERS_H
#define BRINK_BENCH_PEERS_H

// Cells of one family, advanced in place. The rows of equal a are multiples of BENCH_ROW long.
struct cells {
    double *x, *y;
    const double *h, *a; // a is 1 throughout, or the row's; unused by F_b
    long count;          // a multiple of BENCH_ROW
};

#define BENCH_ROW 192 // a multiple of all numbers of lanes

typedef void stepper(const struct cells *cells, long steps);

// peers.c, compiled three times: loops over cells with libm; lanes with `omp simd` and libmvec; and
// those with a watch on the peak of the loss and on escape, as our kernels have.
stepper scalar_a1, scalar_a, scalar_b3, scalar_b7;
stepper simd_a1, simd_a, simd_b3, simd_b7;
stepper watch_a1, watch_a, watch_b3, watch_b7;

// raw.c: our kernels. `steps` is a multiple of 32.
stepper brink_a1, brink_row, brink_direct, brink_b3, brink_b7;
// Their steps alone, without what a kernel watches.
stepper alone_a1, alone_b3, alone_b7;

#endif
