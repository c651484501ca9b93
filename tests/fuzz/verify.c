// SPDX-License-Identifier: MIT
// Any damage to a result, behind a forged seal: verify comes to an end with it.
//
// The input is a list of patches of the file named by BRINK_FUZZ_FILE. HDF5 1.10 crashes in damaged
// files, which is why the program reads them in a child; so does this one, and a signal is no
// finding. What the sanitizers find in our own code is: it ends the child with FOUND. The child
// hands back what of the code it has seen.
#include <errno.h>
#include <fcntl.h>
#include <hdf5.h>
#include <sanitizer/asan_interface.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "brink/store/store.h"

enum { FOUND = 99, SIZE_MAX_BYTES = 1 << 20 };
static const uint64_t digest_of_nothing = UINT64_C(0x2d06800538d394c2); // XXH3

static unsigned char good[SIZE_MAX_BYTES];
static size_t good_size;
static char path[64];
static unsigned char *seen; // shared with the children

// libFuzzer's counters of this program, under names that the compiler does not use itself.
extern unsigned char counters_begin[] __asm__("__start___sancov_cntrs");
extern unsigned char counters_end[] __asm__("__stop___sancov_cntrs");
const char *__asan_default_options(void);
int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

const char *__asan_default_options(void)
{
    return "exitcode=99:handle_segv=0:handle_abort=0:handle_sigbus=0:detect_leaks=0:"
           "allocator_may_return_null=1";
}

static size_t counters(void)
{
    return (size_t)(counters_end - counters_begin);
}

static void check(bool truth, const char *words)
{
    if (truth)
        return;
    fprintf(stderr, "fuzz verify: %s\n", words);
    exit(EXIT_FAILURE);
}

// A seal over nothing, which fits whatever is changed.
static void forge(const char *name)
{
    struct stat status;
    uint64_t ranges[64][2] = {{0}};
    check(stat(name, &status) == 0, "no BRINK_FUZZ_FILE");
    ranges[0][1] = (uint64_t)status.st_size;
    hid_t file = H5Fopen(name, H5F_ACC_RDWR, H5P_DEFAULT);
    hid_t array = H5Dopen2(file, "seal/ranges", H5P_DEFAULT);
    hid_t digest = H5Dopen2(file, "seal/digest", H5P_DEFAULT);
    hid_t space = H5Dget_space(array);
    check(H5Sget_simple_extent_npoints(space) <= 128, "more ranges than expected");
    check(H5Dwrite(array, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, ranges) >= 0 &&
              H5Dwrite(digest, H5T_NATIVE_UINT64, H5S_ALL, H5S_ALL, H5P_DEFAULT,
                       &digest_of_nothing) >= 0,
          "cannot forge");
    H5Sclose(space);
    H5Dclose(digest);
    H5Dclose(array);
    H5Fclose(file);
}

static size_t copy(const char *from, const char *to)
{
    FILE *in = fopen(from, "rb"), *out = to ? fopen(to, "wb") : NULL;
    check(in && (out || !to), "no BRINK_FUZZ_FILE, or no room");
    size_t size = fread(good, 1, sizeof good, in);
    check(!out || (fwrite(good, 1, size, out) == size && fclose(out) == 0), "cannot write");
    fclose(in);
    return size;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
    const char *name = getenv("BRINK_FUZZ_FILE");
    (void)argc;
    (void)argv;
    check(name != NULL, "no BRINK_FUZZ_FILE");
    snprintf(path, sizeof path, "/dev/shm/brink-fuzz-%ld", (long)getpid());
    copy(name, path); // others may be at work with it
    forge(path);
    good_size = copy(path, NULL);
    unlink(path);
    seen = mmap(NULL, counters(), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, (off_t)0);
    check(seen != MAP_FAILED, "no shared memory");
    brink_store_start();
    return 0;
}

// Patches of 4 bytes place and length, then the bytes. The first byte of the input tells whether
// the end of the file is cut off.
static void damage(const uint8_t *data, size_t size)
{
    static unsigned char bytes[SIZE_MAX_BYTES];
    size_t length = good_size;
    memcpy(bytes, good, good_size);
    if (size > 3 && data[0] % 16 == 0)
        length = good_size * data[1] / 256;
    for (size_t at = 1; at + 4 < size;) {
        size_t place = ((size_t)data[at] << 16 | (size_t)data[at + 1] << 8 | data[at + 2]);
        size_t count = 1 + data[at + 3] % 16;
        for (at += 4; count > 0 && at < size; count--)
            bytes[place++ % good_size] = data[at++];
    }
    FILE *file = fopen(path, "wb");
    check(file && fwrite(bytes, 1, length, file) == length && fclose(file) == 0, "cannot write");
}

static void ignore(void *context, const char *object, const char *words)
{
    (void)context;
    if (!object || !words[0])
        _exit(FOUND);
}

// What AddressSanitizer finds within HDF5 is no fault of ours: the program reads in a child, too,
// and says that HDF5 crashed in it.
static void weigh(const char *report)
{
    const char *frame = strstr(report, "#0 "), *next = strstr(report, "#1 ");
    if (frame && next && memmem(frame, (size_t)(next - frame), "__interceptor", 13))
        frame = next;
    const char *end = frame ? strchr(frame, '\n') : NULL;
    if (end && memmem(frame, (size_t)(end - frame), "libhdf5", 7))
        _exit(EXIT_SUCCESS);
}

static void be_child(void)
{
    static const int crashes[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL}; // libFuzzer's until here
    for (size_t i = 0; i < sizeof crashes / sizeof crashes[0]; i++)
        signal(crashes[i], SIG_DFL);
    __asan_set_error_report_callback(weigh);
    const struct rlimit seconds = {5, 6};
    const struct brink_verify_options options = {.deep = 2, .seed = 1, .find = ignore};
    struct brink_verify_report report;
    setrlimit(RLIMIT_CPU, &seconds);
    brink_err error = brink_store_verify(path, NULL, &options, &report);
    memcpy(seen, counters_begin, counters());
    _exit(error && !brink_error_note()[0] ? FOUND : EXIT_SUCCESS);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int status = 0;
    damage(data, size);
    memset(seen, 0, counters());
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        be_child();
    check(child > 0, "no child");
    while (waitpid(child, &status, 0) < 0) // libFuzzer's clock interrupts it
        check(errno == EINTR, "lost the child");
    for (size_t i = 0; i < counters(); i++)
        counters_begin[i] |= seen[i];
    unlink(path);
    if (WIFEXITED(status) && WEXITSTATUS(status) != EXIT_SUCCESS)
        abort(); // a sanitizer has found something in our code
    return 0;
}
