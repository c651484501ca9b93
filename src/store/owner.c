// SPDX-License-Identifier: MIT
// The text of a lease, and the judgement over its owner: no I/O, no clock.
#include "brink/store/owner.h"

#include <stddef.h>
#include <stdio.h>
#include <string.h>

static const char heading[] = "brink lease 1\n";

// The lines of a lease, "name word" each; a word that is not known is "-".
static const struct {
    const char *name;
    size_t offset, size; // in struct brink_owner
} lines[] = {
#define LINE(member)                                                                               \
    {                                                                                              \
#member, offsetof(struct brink_owner, member), sizeof(((struct brink_owner *)0)->member)   \
    }
    LINE(host),    LINE(boot), LINE(space), LINE(pid),  LINE(start),
    LINE(cluster), LINE(job),  LINE(token), LINE(beat),
#undef LINE
};
enum { LINES = sizeof lines / sizeof lines[0], NAME_MAX_LENGTH = 8 };

_Static_assert(sizeof(struct brink_owner) + LINES * (NAME_MAX_LENGTH + 2) + sizeof heading <=
                   BRINK_OWNER_BYTES,
               "the longest lease must fit");

void brink_owner_write(const struct brink_owner *owner, char text[BRINK_OWNER_BYTES])
{
    size_t length = sizeof heading - 1;
    memcpy(text, heading, sizeof heading);
    for (size_t i = 0; i < LINES; i++) {
        const char *word = (const char *)owner + lines[i].offset;
        length += (size_t)snprintf(text + length, BRINK_OWNER_BYTES - length, "%s %.*s\n",
                                   lines[i].name, (int)lines[i].size - 1, word[0] ? word : "-");
    }
}

// Takes "name word\n" off *text.
static bool read_line(const char **text, size_t i, struct brink_owner *owner)
{
    char *word = (char *)owner + lines[i].offset;
    size_t name = strlen(lines[i].name);
    if (strncmp(*text, lines[i].name, name) != 0 || (*text)[name] != ' ')
        return false;
    *text += name + 1;
    size_t length = strcspn(*text, " \n");
    if (length == 0 || length >= lines[i].size || (*text)[length] != '\n')
        return false;
    if (length > 1 || **text != '-')
        memcpy(word, *text, length);
    *text += length + 1;
    return true;
}

bool brink_owner_read(const char *text, struct brink_owner *owner)
{
    *owner = (struct brink_owner){.host = ""};
    if (strncmp(text, heading, sizeof heading - 1) != 0)
        return false;
    text += sizeof heading - 1;
    for (size_t i = 0; i < LINES; i++)
        if (!read_line(&text, i, owner))
            return false;
    return *text == '\0' && owner->token[0];
}

const char *brink_owner_name(const struct brink_owner *owner, char name[BRINK_OWNER_BYTES])
{
    int length =
        snprintf(name, BRINK_OWNER_BYTES, "process %s on %s", owner->pid[0] ? owner->pid : "?",
                 owner->host[0] ? owner->host : "an unknown host");
    if (owner->job[0])
        snprintf(name + length, (size_t)(BRINK_OWNER_BYTES - length), ", job %s", owner->job);
    return name;
}

enum brink_life brink_watch_judge(struct brink_watch *watch, const struct brink_look *look)
{
    struct brink_owner now, before;
    bool whole = brink_owner_read(look->text, &now);
    bool changed = !watch->begun || strcmp(watch->text, look->text) != 0;
    bool same_owner = watch->begun && whole && brink_owner_read(watch->text, &before) &&
                      strcmp(now.token, before.token) == 0;
    if (changed) {
        *watch = (struct brink_watch){.begun = true, .since = look->now};
        memcpy(watch->text, look->text, sizeof watch->text);
    }
    if (whole && look->process != BRINK_LIFE_UNKNOWN)
        return look->process;
    if (whole && look->job == BRINK_LIFE_DEAD)
        return BRINK_LIFE_DEAD;
    if (changed)
        return same_owner ? BRINK_LIFE_ALIVE : BRINK_LIFE_UNKNOWN;
    return look->now - watch->since >= BRINK_OWNER_PATIENCE_S ? BRINK_LIFE_DEAD
                                                              : BRINK_LIFE_UNKNOWN;
}
