// SPDX-License-Identifier: MIT
// What a resolved specification says of a cell: without the reader, so that WebAssembly has it too.
#include <assert.h>

#include "brink/sweep/spec.h"

int brink_spec_axis(const struct brink_spec *spec, int parameter)
{
    for (int i = 0; i < spec->axis_count; i++)
        if (spec->axes[i].parameter == parameter)
            return i;
    return -1;
}

bool brink_spec_has(const struct brink_spec *spec, int parameter)
{
    return spec->fixed[parameter] || brink_spec_axis(spec, parameter) >= 0;
}

double brink_spec_value(const struct brink_spec *spec, int parameter, const int64_t coordinate[])
{
    int axis = brink_spec_axis(spec, parameter);
    assert(axis >= 0 || spec->fixed[parameter]);
    return axis < 0 ? spec->fixed_value[parameter] : spec->axes[axis].values[coordinate[axis]];
}
