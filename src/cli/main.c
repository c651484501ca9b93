// SPDX-License-Identifier: MIT
// The program: finds the subcommand, prints the one error message, turns codes into exit codes.
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/log.h"
#include "brink/network/data.h"
#include "brink/store/store.h"
#include "command.h"

const struct brink_command *const brink_commands[] = {
    &brink_command_run,    &brink_command_check,   &brink_command_estimate,
    &brink_command_status, &brink_command_trace,   &brink_command_verify,
    &brink_command_diff,   &brink_command_submit,  &brink_command_join,
    &brink_command_pack,   &brink_command_plot,    &brink_command_explore,
    &brink_command_help,   &brink_command_version, NULL,
};

static const struct brink_command *find(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return &brink_command_help;
    if (strcmp(name, "--version") == 0)
        return &brink_command_version;
    return brink_command_find(name);
}

static bool asks_for_help(int count, char *const words[])
{
    for (int i = 0; i < count && strcmp(words[i], "--") != 0; i++)
        if (strcmp(words[i], "--help") == 0 || strcmp(words[i], "-h") == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: brink COMMAND ...; `brink help` lists the commands\n", stderr);
        return brink_exit_code(BRINK_ERR_USAGE);
    }
    const struct brink_command *command = find(argv[1]);
    brink_data_hdf5 = brink_store_matrix;
    signal(SIGXFSZ, SIG_IGN); // a file limit is an error of the write, not the end
    bool told = false;
    brink_err error = BRINK_OK;
    if (!command)
        error = brink_command_unknown(argv[1]);
    else if (!command->passes_words && asks_for_help(argc - 2, argv + 2))
        brink_command_print_help(command);
    else
        error = command->run(command, argc - 1, argv + 1, &told);
    if (!error && (fflush(stdout) != 0 || ferror(stdout)))
        error = brink_fail(BRINK_ERR_IO, "cannot write to the standard output");
    if (error && !told)
        brink_say_error("%s", brink_error_note());
    return brink_exit_code(error);
}
