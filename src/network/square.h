// SPDX-License-Identifier: MIT
// Products with one square matrix, packed once: large ones by a level of Strassen's algorithm.
#ifndef BRINK_NETWORK_SQUARE_H
#define BRINK_NETWORK_SQUARE_H

#include "matrix.h"

// A matrix [n][n] as right operand of left ones of `rows` rows. Where both are large it is cut into
// quarters, of which seven products are taken instead of eight (Winograd's variant); the sums of
// quarters of the right operand are packed once, those of the left one take `sums`.
struct square {
    int n, rows;
    bool quartered;
    int half;             // columns of the left quarters, whole chains; rows of the upper ones
    struct right part[7]; // the matrix, or the right operands of P1 to P7
    real *sums;           // room for S1 to S4 and for P1, P5, P6, P7
    size_t sums_stride;
};

// Reals of room that square_pack needs.
size_t square_room(int n, int rows);

// Packs `from` [n][n] into `room`, which the square uses from then on.
struct square square_pack(real *room, const real *from, int n, int rows);

// to[i * stride + c] = start + sum over q < n of left[i * stride + q] from(q, c), for i < rows and
// c < n; start is to itself if `add`, else 0. Columns of left from n to the end of a vector of
// CHAINS are 0, and so are those of `to` afterwards. Unless NULL `total`, of as many rows of
// `stride`, is raised by left. The order of the sums depends on n and rows alone: the bits are
// those of no other product, but the same on every ISA.
void square_multiply(const struct square *square, const real *left, real *total, real *to,
                     size_t stride, bool add);

#endif
