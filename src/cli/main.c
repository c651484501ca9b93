// SPDX-License-Identifier: MIT
// The program: finds the subcommand, prints the one error message, turns codes into exit codes.
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "brink/base/log.h"
#include "command.h"

const struct brink_command *const brink_commands[] = {
    &brink_command_run,     &brink_command_check,
    &brink_command_status,  &brink_command_trace,
    &brink_command_verify,  &brink_command_diff,
    &brink_command_pack,    &brink_command_help,
    &brink_command_version, NULL,
};

static const struct brink_command *find(const char *name)
{
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return &brink_command_help;
    if (strcmp(name, "--version") == 0)
        return &brink_command_version;
    for (int i = 0; brink_commands[i]; i++)
        if (strcmp(brink_commands[i]->name, name) == 0)
            return brink_commands[i];
    return NULL;
}

int main(int argc, char **argv)
{
    if (argc < 2) {
        fputs("usage: brink COMMAND ...; `brink help` lists the commands\n", stderr);
        return brink_exit_code(BRINK_ERR_USAGE);
    }
    const struct brink_command *command = find(argv[1]);
    if (!command) {
        brink_say_error("unknown command '%s'; `brink help` lists them", argv[1]);
        return brink_exit_code(BRINK_ERR_USAGE);
    }
    signal(SIGXFSZ, SIG_IGN); // a file limit is an error of the write, not the end
    bool told = false;
    brink_err error = command->run(command, argc - 1, argv + 1, &told);
    if (!error && (fflush(stdout) != 0 || ferror(stdout)))
        error = brink_fail(BRINK_ERR_IO, "cannot write to the standard output");
    if (error && !told)
        brink_say_error("%s", brink_error_note());
    return brink_exit_code(error);
}
