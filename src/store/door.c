// SPDX-License-Identifier: MIT
// The one door to HDF5: its settings, its errors in words, and the release of its ids.
#include "door.h"

#include <assert.h>
#include <stdio.h>
#include <string.h>

#include "brink/store/store.h"

void brink_store_start(void)
{
    static bool started;
    if (started)
        return;
    started = true;
    // Neither exit() nor, if this runs before MPI_Init, MPI_Finalize shall close files: closing
    // one whose writing failed crashes inside HDF5.
    (void)H5dont_atexit(); // fails if HDF5 runs already: then nothing can be done
    (void)H5open();        // a library that does not start says so at the first call
    (void)H5Eset_auto2(H5E_DEFAULT, NULL, NULL);
    (void)H5PLset_loading_state(0); // no plugin is loaded because a foreign file asks for it
}

const char *brink_store_library(void)
{
    static char version[32];
    unsigned major = 0, minor = 0, release = 0;
    brink_store_start();
    if (H5get_libversion(&major, &minor, &release) < 0)
        return "unknown";
    snprintf(version, sizeof version, "%u.%u.%u", major, minor, release);
    return version;
}

brink_err brink_door_refused(const struct brink_door *door)
{
    return brink_fail(BRINK_ERR_IO, "%s: not touched any more after an error", door->path);
}

// The first frame of an upward walk over the error stack is the innermost one.
static herr_t keep_innermost(unsigned n, const H5E_error2_t *frame, void *context)
{
    if (n == 0)
        snprintf(context, 512, "%s", frame->desc);
    return 0;
}

// Did the system or MPI-IO refuse? Of a system call HDF5 says time, descriptor, buffer ...: leaves
// "No space left on device".
static bool keep_system_words(char *words)
{
    static const char before[] = "error message = '", mpi[] = "MPI_";
    char *start = strstr(words, before);
    if (!start)
        return strncmp(words, mpi, strlen(mpi)) == 0;
    start += strlen(before);
    size_t length = strcspn(start, "'");
    memmove(words, start, length);
    words[length] = '\0';
    return true;
}

brink_err brink_door_failed(struct brink_door *door, const char *object, const char *call)
{
    char words[512] = "";
    (void)H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, keep_innermost, words);
    bool system = keep_system_words(words);
    const char *function = strstr(call, "H5");
    assert(function);
    door->broken = door->writing;
    return brink_fail(system ? BRINK_ERR_IO : door->blame, "%s%s%s: %.*s failed%s%s", door->path,
                      object[0] ? ": " : "", object, (int)strcspn(function, "("), function,
                      words[0] ? ": " : "", words);
}

void brink_door_close(struct brink_door *door, hid_t *id, brink_err *error)
{
    if (*id >= 0 && !door->broken) {
        bool file = H5Iget_type(*id) == H5I_FILE;
        int result = file ? H5Fclose(*id) : H5Idec_ref(*id);
        if (result < 0 && !*error) // else the first error's note stays
            *error = brink_door_failed(door, "", file ? "H5Fclose" : "H5Idec_ref");
    }
    *id = H5I_INVALID_HID;
}

brink_err brink_door_access(struct brink_door *door, hid_t *access)
{
    brink_store_start();
    brink_err error = BRINK_HDF5(door, "", *access = H5Pcreate(H5P_FILE_ACCESS));
    if (!error)
        error =
            BRINK_HDF5(door, "", H5Pset_libver_bounds(*access, H5F_LIBVER_V110, H5F_LIBVER_V110));
    if (!error)
        error = BRINK_HDF5(door, "", H5Pset_file_locking(*access, false, true));
    if (!error)
        error = BRINK_HDF5(door, "", H5Pset_sieve_buf_size(*access, 0));
    if (!error)
        error = BRINK_HDF5(door, "", H5Pset_cache(*access, 0, 0, 0, 0.0));
    return error;
}
