/* Sizes as people write and read them: 2M, 2MB, 2048kB, 1G; no sign, no fraction. */
#ifndef SIZE_TEXT_H
#define SIZE_TEXT_H

#include <stddef.h>

#define SIZE_TEXT_BYTES 24

/* -EINVAL: not a size; -ERANGE: too big for this machine. */
int size_text_parse(const char *text, size_t *bytes);

/* The largest of K, M and G that leaves a whole number. Returns text. */
char *size_text_print(char text[SIZE_TEXT_BYTES], size_t bytes);

#endif
