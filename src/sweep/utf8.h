// SPDX-License-Identifier: MIT
// Just enough UTF-8 (RFC 3629): decode, and tell printable characters.
#ifndef BRINK_SWEEP_UTF8_H
#define BRINK_SWEEP_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

static inline bool brink_utf8_continues(char byte)
{
    return ((unsigned char)byte & 0xc0) == 0x80;
}

// Bytes (1 to 4) of the character that `text` begins with, 0 if there is none in the `length` >= 1
// bytes; *letter is its code point.
static inline size_t brink_utf8_decode(const char *text, size_t length, uint32_t *letter)
{
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000}; // longer forms are forbidden
    unsigned char lead = (unsigned char)text[0];
    size_t bytes = lead < 0x80             ? 1
                   : (lead & 0xe0) == 0xc0 ? 2
                   : (lead & 0xf0) == 0xe0 ? 3
                   : (lead & 0xf8) == 0xf0 ? 4
                                           : 0;
    if (bytes == 0 || bytes > length)
        return 0;
    *letter = bytes == 1 ? lead : lead & (0x7fu >> bytes);
    for (size_t i = 1; i < bytes; i++) {
        if (!brink_utf8_continues(text[i]))
            return 0;
        *letter = *letter << 6 | ((unsigned char)text[i] & 0x3f);
    }
    bool surrogate = *letter >= 0xd800 && *letter <= 0xdfff;
    return *letter < least[bytes] || surrogate || *letter > 0x10ffff ? 0 : bytes;
}

// Neither a control character nor a line break, a byte-order mark or a non-character.
static inline bool brink_utf8_printable(uint32_t letter)
{
    return letter >= 0x20 && !(letter >= 0x7f && letter <= 0x9f) && letter != 0x2028 &&
           letter != 0x2029 && letter != 0xfeff && letter != 0xfffe && letter != 0xffff;
}

#endif
