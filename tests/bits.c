// SPDX-License-Identifier: MIT
// Prints a hash over the bits of a few thousand mixed cells and of our elementary functions; every
// build must print the same (tests/bits.sh). The cells come from the reference; with an instruction
// set as argument (and -DBITS_ENGINES) from the fast engine, whose basic kernels are then held
// against its full ones.
#include <stdio.h>
#include <string.h>

#include "brink/base/random.h"
#include "brink/dynamics/trajectory.h"

enum { CELLS = 4000, ARGUMENTS = 20000, MAX_STEPS = 400 };

static uint64_t hash = UINT64_C(0xcbf29ce484222325);

// FNV-1a, a word at a time; the shift brings high bits down, which a product never does.
static void add(uint64_t word)
{
    hash = (hash ^ word) * UINT64_C(0x100000001b3);
    hash ^= hash >> 29;
}
static void add_double(double value)
{
    add(brink_bits(brink_canonical(value)));
}

static double uniform(uint64_t item, uint32_t draw, double low, double high)
{
    struct brink_random_key key = {.seed = 1, .item = item, .purpose = BRINK_PURPOSE_TEST};
    return brink_fma(high - low, brink_random_uniform(&key, draw), low);
}

static void add_elementary(uint64_t i)
{
    double x = uniform(i, 0, -40, 40), y = uniform(i, 1, -3, 3), sine, cosine;
    double small = y * brink_exp(x);
    struct brink_random_key key = {.seed = i, .purpose = BRINK_PURPOSE_TEST};
    brink_sincos_degrees(30 * x, &sine, &cosine);
    const double values[] = {brink_exp(18 * x),
                             brink_expm1(small),
                             brink_log(brink_exp(x)),
                             brink_log1p(small),
                             brink_pow(brink_exp(x), y),
                             brink_hypot(small, y),
                             sine,
                             cosine,
                             brink_random_gaussian(&key, 0),
                             brink_fma_soft(x, y, -x * y),
                             brink_fma_soft(small, y, x * 0x1p-1060)};
    for (size_t j = 0; j < sizeof values / sizeof values[0]; j++)
        add_double(values[j]);
}

static const double a_members[] = {1, 1, 1, 0.5, 0.25, 0.75, 0.05},
                    b_members[] = {1, 1, 3, 3, 5, 7, 15};

static const struct brink_rules rules = {MAX_STEPS, 128, 1e-10, 1e8};
static struct brink_curve curves[CELLS];
static struct brink_cell cells[CELLS];

// Starts near and far, some on the lines x = y and x = -y; rates around the edge of stability.
static struct brink_point point_of(uint64_t i)
{
    struct brink_curve *curve = &curves[i];
    if (i % 2)
        brink_regularity_a.prepare(curve, i % 5 ? a_members[i / 2 % 7] : uniform(i, 9, 0.01, 1));
    else
        brink_regularity_b.prepare(curve, b_members[i / 2 % 7]);
    double x = uniform(i, 1, 0.2, i % 3 ? 2 : 12), y = uniform(i, 2, -0.2, 1.5);
    y = i % 11 == 0 ? x : i % 13 == 0 ? -x : y;
    y = i % 17 == 0 ? 1 / x : i % 101 == 0 ? 0 : y;
    double h = brink_flow_rate(curve, x, y) * brink_exp(uniform(i, 3, -1.5, 1.2));
    h = i % 97 == 0 ? brink_from_bits(BRINK_NAN_BITS) : h;
    return (struct brink_point){curve, h, x, y};
}

static void add_cell(const struct brink_cell *cell)
{
#define ADD(type, name, basic, meaning)                                                            \
    add(_Generic((type)0, double : brink_bits((double)cell->name), default : (uint64_t)cell->name));
    BRINK_CELL_FIELDS(ADD)
}

#ifdef BITS_ENGINES
#include "brink/dynamics/lanes.h"

static struct brink_cell basic_cells[CELLS];

struct bag {
    struct brink_cell *cells;
    uint64_t next;
};

static int take(void *context, struct brink_point *point, void **ticket)
{
    struct bag *bag = context;
    if (bag->next == CELLS)
        return -1;
    *point = point_of(bag->next);
    *ticket = &bag->cells[bag->next++];
    return 1;
}

static void give(void *context, void *ticket, const struct brink_cell *cell)
{
    (void)context;
    *(struct brink_cell *)ticket = *cell;
}

static bool run(bool full, struct brink_cell found[])
{
    struct bag bag = {.cells = found};
    return brink_lanes_run(&rules, full, &(struct brink_cell_source){take, give, &bag}, NULL, NULL);
}

// What both kinds of kernel find must be the same.
static bool same_basic(uint64_t i)
{
    const struct brink_cell *left = &cells[i], *right = &basic_cells[i];
    bool same = true;
#define COMPARE(type, name, basic, meaning)                                                        \
    if (((basic) || strcmp(#name, "lyapunov") == 0) &&                                             \
        memcmp(&left->name, &right->name, sizeof left->name) != 0) {                               \
        fprintf(stderr, "cell %llu: %s has other bits\n", (unsigned long long)i, #name);           \
        same = false;                                                                              \
    }
    BRINK_CELL_FIELDS(COMPARE)
    return same;
}

static bool run_engine(const char *isa)
{
    bool right = brink_lanes_select(isa) == BRINK_OK && run(true, cells) && run(false, basic_cells);
    for (uint64_t i = 0; right && i < CELLS; i++)
        right = same_basic(i);
    return right;
}
#else
static bool run_engine(const char *isa)
{
    fprintf(stderr, "built without engines, not with %s\n", isa);
    return false;
}
#endif

static void run_reference(void)
{
    for (uint64_t i = 0; i < CELLS; i++) {
        struct brink_point point = point_of(i);
        brink_trajectory_run(&point, &rules, NULL, &cells[i]);
    }
}

int main(int argc, char **argv)
{
    int count[BRINK_STATUS_COUNT] = {0};
    for (uint64_t i = 0; i < ARGUMENTS; i++)
        add_elementary(i);
    if (argc < 2)
        run_reference();
    else if (!run_engine(argv[1]))
        return 1;
    for (uint64_t i = 0; i < CELLS; i++) {
        add_cell(&cells[i]);
        count[cells[i].status]++;
    }
    printf("%016llx", (unsigned long long)hash);
    for (int i = 0; i < BRINK_STATUS_COUNT; i++)
        printf(" %s=%d", brink_status_name((enum brink_status)i), count[i]);
    printf("\n");
    return 0;
}
