// SPDX-License-Identifier: MIT
// Any lines as overrides of a specification, of each model.
#include "spec_law.h"

static const char *const texts[] = {
    "model: regularity\n"
    "axes: {dor: {values: [0.5, 1]}, lr: {min: 0.1, max: 1, num: 3, scale: log}}\n"
    "fixed: {x0: 4, y0: 0.5}\n"
    "lr_unit: flow\n",
    "model: network\n"
    "axes: {lr: {min: 0.1, max: 1, num: 3}}\n"
    "data: {source: chebyshev, n: 8}\n"
    "train: {max_steps: 10}\n",
};
enum { TEXTS = sizeof texts / sizeof texts[0], LINES_MAX = 8, SIZE_MAX_BYTES = 1024 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char lines[SIZE_MAX_BYTES + 1];
    char *overrides[LINES_MAX], *rest = lines;
    int count = 0;
    if (size == 0 || size > SIZE_MAX_BYTES)
        return 0;
    memcpy(lines, data + 1, size - 1);
    lines[size - 1] = '\0';
    while (rest && count < LINES_MAX)
        overrides[count++] = strsep(&rest, "\n");
    const char *text = texts[data[0] % TEXTS];
    law(text, strlen(text), count, overrides);
    return 0;
}
