// SPDX-License-Identifier: MIT
// Limit cycles: the fast engine finds those of the reference, of every length.
#include <math.h>

#include "bag.h"

START_TEST(cycles_have_the_bits_of_the_reference)
{
    // On x = y, b = 1 is a cubic map with windows of many periods.
    enum { PERIODS = 65, CYCLES = 16000 };
    bool met[PERIODS] = {false};
    int distinct = 0;
    struct brink_curve curve;
    struct bag bag = new_bag(unit_scaled(CYCLES), (struct brink_rules){3000, 64, 1e-10, 1e8});
    prepare(&curve, "b", 1);
    for (int i = 0; i < bag.count; i++)
        bag.points[i] = (struct brink_point){&curve, 0.5 + 0.5 * i / bag.count, 0.9, 0.9};
    check_bag(&bag);
    for (int i = 0; i < bag.count; i++) {
        int32_t period = bag.expected[i].period;
        if (period < PERIODS && !met[period])
            distinct += met[period] = true;
    }
    if (bag.count >= CYCLES) {                          // a small sample meets few
        for (int period = 2; period <= 32; period *= 2) // share factors with the block
            ck_assert_msg(met[period], "no cycle of %d", period);
        for (int period = 3; period <= 11; period += 2)
            ck_assert_msg(met[period], "no cycle of %d", period);
        ck_assert_msg(distinct >= 20, "only %d periods", distinct);
    }
    free_bag(&bag);
}
END_TEST

// Of each kernel, where its minimum has lost its stability; and without a gradient that is enough.
START_TEST(cycles_of_all_kernels_have_the_bits_of_the_reference)
{
    static const struct {
        const char *parameter;
        double value, second_derivative, grad_tol; // of F at its minimum
    } cases[] = {{"a", 1, 0.5, 1e-10}, {"a", 0.5, 0.25 / 1.1774100225154747, 1e-10},
                 {"b", 3, 18, 1e-10},  {"b", 7, 98, 1e-10},
                 {"b", 1, 2, 0},       {"a", 1, 0.5, 0}};
    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        struct brink_curve curve;
        struct bag bag =
            new_bag(unit_scaled(1500), (struct brink_rules){3000, 64, cases[k].grad_tol, 1e8});
        int periodic = 0;
        prepare(&curve, cases[k].parameter, cases[k].value);
        for (int i = 0; i < bag.count; i++) {
            double beyond = 0.9 + 1.1 * i / bag.count; // of the marginal rate
            bag.points[i] = (struct brink_point){&curve, beyond / cases[k].second_derivative, 1.01,
                                                 i % 2 ? 1.01 : 0.99};
        }
        check_bag(&bag);
        for (int i = 0; i < bag.count; i++)
            periodic += bag.expected[i].status == BRINK_STATUS_PERIODIC;
        ck_assert_msg(periodic > 0, "%s = %g: no cycle", cases[k].parameter, cases[k].value);
        free_bag(&bag);
    }
}
END_TEST

// Through the critical point of the cubic map z -> (1 + 2h) z - z^3, z = sqrt(2h) x, that b = 1 is
// on x = y: cycles so stable that they are exact. Those of odd length beyond 32 by Newton's
// method in quad precision, near the merging of two bands and within windows of 3, 5 and 7.
START_TEST(cycles_of_every_length_are_found)
{
    static const struct {
        int32_t period;
        double h;
    } cycles[] = {{2, 0.56066017177982164},  {3, 0.72657779182287696},  {4, 0.63149482726817363},
                  {5, 0.69719659650778376},  {6, 0.66701209124271821},  {7, 0.68652921847307113},
                  {8, 0.64692165674917856},  {9, 0.68259506995774832},  {10, 0.66095315318767223},
                  {11, 0.68118847390211346}, {12, 0.65453384736770481}, {13, 0.68069963903059227},
                  {14, 0.65870592406903195}, {15, 0.68053251259762582}, {16, 0.65023735108014624},
                  {17, 0.68047581852900996}, {18, 0.65786914063749324}, {19, 0.68045665111191167},
                  {20, 0.6532397943467011},  {21, 0.68045017984522238}, {22, 0.65756782187963714},
                  {23, 0.68044799622266761}, {24, 0.65186783809530913}, {25, 0.68045158759550717},
                  {26, 0.65746243079123501}, {27, 0.6804484711838944},  {28, 0.65275964113257656},
                  {29, 0.68045191484246215}, {30, 0.65742617718655805}, {31, 0.68044907666580889},
                  {32, 0.65094801466803054}, {33, 0.7343493456818192},  {34, 0.65741380488458945},
                  {35, 0.69660661849111183}, {36, 0.65258083848479365}, {37, 0.68073701294622213},
                  {38, 0.65740959708940383}, {39, 0.7342902852226536},  {40, 0.6515909332254417},
                  {41, 0.68110401781609287}, {42, 0.65740816804941082}, {43, 0.68047617039310559},
                  {44, 0.65251646361899074}, {45, 0.73467589221437202}, {46, 0.65740768299534891},
                  {47, 0.68051486253980642}, {48, 0.65129722447058447}, {49, 0.68733098055167396},
                  {50, 0.65740751839105782}, {51, 0.73475971126683282}, {52, 0.65249395334891747},
                  {53, 0.68119501015271255}, {54, 0.65740746253684068}, {55, 0.69891562270007912},
                  {56, 0.65148815727929565}, {57, 0.73426688924692995}, {58, 0.65740826571489885},
                  {59, 0.68092875830293387}, {60, 0.65248621230536785}, {61, 0.68119352387118437},
                  {62, 0.65740771613083537}, {63, 0.73437976536724825}, {64, 0.6511002419707338}};
    enum { CYCLES = sizeof cycles / sizeof cycles[0] };
    ck_assert_int_eq(CYCLES, 63);
    struct brink_curve curve;
    struct bag bag = new_bag(CYCLES, (struct brink_rules){6000, 64, 1e-10, 1e8});
    prepare(&curve, "b", 1);
    for (int i = 0; i < CYCLES; i++) {
        double h = cycles[i].h, x = sqrt((1 + 2 * h) / 3) / sqrt(2 * h);
        bag.points[i] = (struct brink_point){&curve, h, x, x};
    }
    check_bag(&bag);
    for (int i = 0; i < CYCLES; i++)
        ck_assert_int_eq(bag.expected[i].period, cycles[i].period);
    free_bag(&bag);
}
END_TEST

// A point that no step moves is a cycle of one: it converged if it is at the minimum, and is none
// of the periodic cells in any case.
START_TEST(a_cycle_of_one_is_no_cycle)
{
    static const struct {
        double h, x;
        enum brink_status status;
        int32_t steps;
    } cells[] = {{0.5, 1, BRINK_STATUS_STATIONARY_START, 0},
                 {0.25, 1.2, BRINK_STATUS_CONVERGED, 0},
                 {1e-30, 1.5, BRINK_STATUS_UNSETTLED, 64}};
    enum { CELLS = sizeof cells / sizeof cells[0] };
    struct brink_curve curve;
    struct bag bag = new_bag(CELLS, (struct brink_rules){3000, 64, 0, 1e8});
    prepare(&curve, "b", 1);
    for (int i = 0; i < CELLS; i++)
        bag.points[i] = (struct brink_point){&curve, cells[i].h, cells[i].x, cells[i].x};
    check_bag(&bag);
    for (int i = 0; i < CELLS; i++) {
        ck_assert_int_eq(bag.expected[i].status, cells[i].status);
        ck_assert_int_eq(bag.expected[i].period, 0);
    }
    ck_assert_int_eq(bag.expected[2].steps, cells[2].steps);
    free_bag(&bag);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        cycles_have_the_bits_of_the_reference,
        cycles_of_all_kernels_have_the_bits_of_the_reference,
        cycles_of_every_length_are_found,
        a_cycle_of_one_is_no_cycle,
    };
    return unit_run("cycles", tests, sizeof tests / sizeof tests[0]);
}
