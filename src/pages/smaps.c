/*
 * Reading /proc/PID/maps and smaps, line by line.
 */
#include <string.h>
#include <sys/auxv.h>

#include "pages/smaps.h"

uintptr_t smaps_number(const char *text, unsigned int base, const char **end)
{
	uintptr_t value = 0;

	for (;; text++) {
		unsigned int digit = *text >= '0' && *text <= '9' ? (unsigned int)(*text - '0')
				     : *text >= 'a' && *text <= 'f'
					     ? (unsigned int)(*text - 'a' + 10)
					     : 16;

		if (digit >= base)
			break;
		value = value * base + digit;
	}
	if (end)
		*end = text;
	return value;
}

bool smaps_mapping(const char *line, uintptr_t *start, uintptr_t *end)
{
	const char *dash, *space;

	*start = smaps_number(line, 16, &dash);
	if (dash == line || *dash != '-')
		return false;
	*end = smaps_number(dash + 1, 16, &space);
	return *space == ' ';
}

unsigned long smaps_field_kb(const char *line, const char *name)
{
	size_t length = strlen(name);

	if (strncmp(line, name, length))
		return 0;
	for (line += length; *line == ' '; line++)
		;
	return smaps_number(line, 10, NULL);
}

size_t smaps_base_bytes(void)
{
	return getauxval(AT_PAGESZ);
}
