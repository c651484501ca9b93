// SPDX-License-Identifier: MIT
// HDF5's types for our elements.
#include "types.h"

#include <assert.h>

hid_t brink_number_type(enum brink_element element)
{
    switch (element) {
    case BRINK_ELEMENT_I8:
        return H5T_STD_I8LE;
    case BRINK_ELEMENT_U8:
        return H5T_STD_U8LE;
    case BRINK_ELEMENT_I32:
        return H5T_STD_I32LE;
    case BRINK_ELEMENT_I64:
        return H5T_STD_I64LE;
    case BRINK_ELEMENT_U64:
        return H5T_STD_U64LE;
    case BRINK_ELEMENT_F64:
        return H5T_IEEE_F64LE;
    case BRINK_ELEMENT_TEXT:
        break;
    }
    assert(element != BRINK_ELEMENT_TEXT); // has no one type
    return H5I_INVALID_HID;
}

brink_err brink_file_type(struct brink_door *door, enum brink_element element, size_t size,
                          hid_t *type)
{
    brink_err error = BRINK_OK;
    if (element != BRINK_ELEMENT_TEXT)
        return BRINK_HDF5(door, "", *type = H5Tcopy(brink_number_type(element)));
    error = BRINK_HDF5(door, "", *type = H5Tcopy(H5T_C_S1));
    if (!error)
        error = BRINK_HDF5(door, "", H5Tset_size(*type, size ? size : H5T_VARIABLE));
    if (!error)
        error = BRINK_HDF5(door, "", H5Tset_cset(*type, H5T_CSET_UTF8));
    if (!error && size)
        error = BRINK_HDF5(door, "", H5Tset_strpad(*type, H5T_STR_NULLPAD));
    return error;
}
