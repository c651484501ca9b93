// SPDX-License-Identifier: MIT
// Row tables: F_a'(t)/t near the minimum as polynomials, built once for all cells that share an a.
//
// G(v) = F_a'(v)/v = a L^(a-1) tanh(v/2)/v is smooth and even, so F_a'(t) = t G(|t|) is one
// polynomial, whatever a. There is one for each of 16 slots: intervals of 17/16 v that share the
// exponent and the first two fraction bits of 17/16 v + 2, namely [0, 1/2) .. [3/2, 2),
// [2, 3) .. [5, 6), [6, 8) .. [12, 14) and [14, 18) .. [26, 30). The nearest singularities of G are
// where L = 0, v = +- 2 pi i/3; the factor 17/16 makes the slot they harm most, [2, 3), as good as
// the others.
#ifndef BRINK_OBJECTIVE_ROW_TABLE_H
#define BRINK_OBJECTIVE_ROW_TABLE_H

#define BRINK_ROW_SCALE 1.0625 // 17/16
#define BRINK_ROW_END   28.0   // of the tables, in v; below 16/17 30

enum { BRINK_ROW_TERMS = 15, BRINK_ROW_SLOTS = 16 };

// F'' with the derivatives of this many terms only, counting others as the last of them, and how
// far from F'' that is.
enum { BRINK_ROW_BEND_TERMS = 9 };
#define BRINK_ROW_BEND_ERROR 2e-9

// Fills table[k][slot], the coefficient of (17/16 v - centre of the slot)^k, for 0 < a < 1: a
// function of a alone, the same bits under every compiler and C library. Takes 20 us.
void brink_row_table_build(double table[BRINK_ROW_TERMS][BRINK_ROW_SLOTS], double a);

#endif
