// SPDX-License-Identifier: MIT
// The other half of the preloaded library: a program that is started once and forked for each case,
// since loading it and starting MPI takes ten times as long as a small sweep.
//
//   SHIM_SERVE   main: forks before main(); init: forks when MPI_Init_thread() is done, in which a
//                program alone shares nothing with others. Each fork is the whole program from
//                there on, with words of its own, but for the end of MPI, which only the original
//                may see to.
//
// A request is a line on the standard input: folder, fault, allocation, ask, log, output, then the
// words of the command line, with SEPARATOR between them. The answers: a line with the number of
// the process, then one with its exit code, as a shell sees it.
#include <dlfcn.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "shim.h"

static const char separator[] = "\x1f";
static bool served; // this process is a fork
static char line[1 << 16];

// The fork takes up its case.
static void become(int *argc, char ***argv)
{
    enum { FOLDER, FAULT, ALLOC, ASK, LOG, OUTPUT, FIXED, WORDS_MAX = 64 };
    static char *fields[FIXED + WORDS_MAX];
    char *rest = line;
    int count = 0;
    line[strcspn(line, "\n")] = '\0';
    while (rest && count < FIXED + WORDS_MAX - 1)
        fields[count++] = strsep(&rest, separator);
    int output = count > FIXED ? open(fields[OUTPUT], O_WRONLY | O_CREAT | O_TRUNC, 0666) : -1;
    int nothing = open("/dev/null", O_RDONLY);
    if (output < 0 || dup2(output, 1) < 0 || dup2(output, 2) < 0 || nothing < 0 ||
        dup2(nothing, 0) < 0)
        abort();
    close(output);
    close(nothing);
    shim_plan(fields[FOLDER], fields[FAULT], fields[ALLOC], fields[LOG]);
    shim_ask_plan(fields[ASK]);
    fields[FIXED - 1] = (*argv)[0];
    *argv = fields + FIXED - 1;
    *argc = count - FIXED + 1;
    served = true;
}

// Returns in each fork, never in the original.
static void serve(int *argc, char ***argv)
{
    unsetenv("SHIM_SERVE");
    while (fgets(line, sizeof line, stdin)) {
        int status = 0;
        pid_t child = fork();
        if (child == 0) {
            become(argc, argv);
            return;
        }
        printf("%ld\n", (long)child);
        fflush(stdout);
        if (child < 0 || waitpid(child, &status, 0) != child)
            abort();
        printf("%d\n", WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status));
        fflush(stdout);
    }
    _exit(EXIT_SUCCESS);
}

static bool serves(const char *place)
{
    const char *wanted = getenv("SHIM_SERVE");
    return wanted && strcmp(wanted, place) == 0;
}

#define REAL(function)                                                                             \
    __typeof__(&function) real;                                                                    \
    *(void **)&real = dlsym(RTLD_NEXT, #function)

// ---- before main()

static int (*real_main)(int, char **, char **);

static int serving_main(int argc, char **argv, char **environment)
{
    if (serves("main"))
        serve(&argc, &argv);
    return real_main(argc, argv, environment);
}

int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
                      void (*start)(void), void (*end)(void), void (*loader_end)(void),
                      void *stack);
int __libc_start_main(int (*main)(int, char **, char **), int argc, char **argv,
                      void (*start)(void), void (*end)(void), void (*loader_end)(void), void *stack)
{
    REAL(__libc_start_main);
    real_main = main;
    return real(serving_main, argc, argv, start, end, loader_end, stack);
}

// ---- after MPI has started; a communicator is a pointer in Open MPI

int MPI_Init_thread(int *argc, char ***argv, int required, int *provided);
int MPI_Init_thread(int *argc, char ***argv, int required, int *provided)
{
    REAL(MPI_Init_thread);
    int code = real(argc, argv, required, provided);
    if (serves("init"))
        serve(argc, argv);
    return code;
}

int MPI_Finalize(void);
int MPI_Finalize(void)
{
    REAL(MPI_Finalize);
    return served ? 0 : real();
}

int MPI_Abort(void *communicator, int code);
int MPI_Abort(void *communicator, int code)
{
    REAL(MPI_Abort);
    if (served)
        _exit(code);
    return real(communicator, code);
}
