/*
 * Sizes as text, as the library's variables have them, and with a B behind.
 */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "options/options.h"
#include "tools/common/size_text.h"

int size_text_parse(const char *text, size_t *bytes)
{
	char number[32];
	size_t length = strlen(text);

	if (length >= sizeof(number))
		return -EINVAL;
	memcpy(number, text, length + 1);
	if (length > 1 && strchr("bB", number[length - 1]))
		number[length - 1] = '\0';
	return options_parse_size(number, bytes);
}

char *size_text_print(char text[SIZE_TEXT_BYTES], size_t bytes)
{
	const char *unit = "KMG";
	size_t count = bytes >> 10;

	if (!bytes || bytes & 1023) {
		snprintf(text, SIZE_TEXT_BYTES, "%zu", bytes);
		return text;
	}
	for (; !(count & 1023) && unit[1]; unit++)
		count >>= 10;
	snprintf(text, SIZE_TEXT_BYTES, "%zu%c", count, *unit);
	return text;
}
