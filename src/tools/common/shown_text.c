/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * UTF-8, decoded strictly: see shown_text.h.
 */
#include <string.h>

#include "tools/common/shown_text.h"

size_t text_character(const char *text, uint32_t *code)
{
	/* for characters of n bytes: the bits of the first byte, and the lowest code */
	static const struct {
		unsigned char mask, bits;
		uint32_t least;
	} shapes[] = {
		{0x80, 0x00, 0}, {0xe0, 0xc0, 0x80}, {0xf0, 0xe0, 0x800}, {0xf8, 0xf0, 0x10000}};
	const unsigned char first = (unsigned char)text[0];

	for (size_t more = 0; more < sizeof(shapes) / sizeof(shapes[0]); more++) {
		if ((first & shapes[more].mask) != shapes[more].bits)
			continue;
		*code = first & (unsigned char)~shapes[more].mask;
		for (size_t i = 1; i <= more; i++) {
			if (((unsigned char)text[i] & 0xc0) != 0x80)
				return 0;
			*code = *code << 6 | ((unsigned char)text[i] & 0x3f);
		}
		if (*code < shapes[more].least || *code > 0x10ffff || *code >> 11 == 0x1b)
			return 0;
		return more + 1;
	}
	return 0;
}

bool text_is_control(uint32_t code)
{
	return code < 0x20 || (code >= 0x7f && code < 0xa0) || (code >= 0x2028 && code <= 0x202e) ||
	       (code >= 0x2066 && code <= 0x2069);
}

void text_show(const char *text, FILE *stream)
{
	while (*text) {
		uint32_t code;
		size_t bytes = text_character(text, &code);

		if (bytes && !text_is_control(code)) {
			fwrite(text, 1, bytes, stream);
			text += bytes;
			continue;
		}
		/* for a character of several bytes, each of them */
		for (bytes = bytes ? bytes : 1; bytes; bytes--, text++)
			fprintf(stream, "\\%03o", (unsigned char)*text);
	}
}

void text_wrap(const char *text, int column, int indent, FILE *stream)
{
	const char *separator = "";
	char word[1024];

	while (*text) {
		const int length =
			snprintf(word, sizeof(word), "%.*s", (int)strcspn(text, " "), text);

		if (column + (int)strlen(separator) + length > TEXT_COLUMNS) {
			fprintf(stream, "\n%*s", indent, "");
			column = indent;
			separator = "";
		}
		column += (int)strlen(separator) + length;
		fputs(separator, stream);
		text_show(word, stream);
		separator = " ";
		text += strcspn(text, " ");
		text += strspn(text, " ");
	}
	putc('\n', stream);
}
