/*
 * JSON on a stream: two spaces a level, names quoted, text escaped.
 *
 * JSON is UTF-8, and names of files are bytes. What is UTF-8 is passed as it is; a byte that is not
 * becomes the half of a surrogate pair that Python's surrogateescape has for it (0xe9: \udce9), so
 * that every reader takes the whole, and os.fsencode() gives the name back.
 */
#include "tools/common/json.h"

/* The bytes of the UTF-8 character there, or 0: there is none. */
static size_t character_bytes(const unsigned char *text)
{
	size_t bytes;

	if (text[0] < 0x80)
		return 1;
	if (text[0] < 0xc2 || text[0] > 0xf4)
		return 0;
	bytes = text[0] < 0xe0 ? 2 : text[0] < 0xf0 ? 3 : 4;
	for (size_t i = 1; i < bytes; i++)
		if ((text[i] & 0xc0) != 0x80)
			return 0;
	/* longer than it needs to be, half of a surrogate pair, beyond the last character */
	if ((text[0] == 0xe0 && text[1] < 0xa0) || (text[0] == 0xed && text[1] > 0x9f) ||
	    (text[0] == 0xf0 && text[1] < 0x90) || (text[0] == 0xf4 && text[1] > 0x8f))
		return 0;
	return bytes;
}

static void quote(struct json *json, const char *text)
{
	const unsigned char *at = (const unsigned char *)text;

	putc('"', json->stream);
	while (*at) {
		const size_t bytes = character_bytes(at);

		if (!bytes)
			fprintf(json->stream, "\\udc%02x", *at);
		else if (*at == '"' || *at == '\\')
			fprintf(json->stream, "\\%c", *at);
		else if (*at < 0x20)
			fprintf(json->stream, "\\u%04x", *at);
		else
			fwrite(at, 1, bytes, json->stream);
		at += bytes ? bytes : 1;
	}
	putc('"', json->stream);
}

static void new_line(struct json *json)
{
	if (!json->compact)
		fprintf(json->stream, "\n%*s", json->depth * 2, "");
}

static void begin(struct json *json, const char *name)
{
	if (json->not_first)
		putc(',', json->stream);
	if (json->depth)
		new_line(json);
	json->not_first = true;
	if (name) {
		quote(json, name);
		fputs(json->compact ? ":" : ": ", json->stream);
	}
}

void json_open(struct json *json, const char *name, char bracket)
{
	begin(json, name);
	putc(bracket, json->stream);
	json->depth++;
	json->not_first = false;
}

void json_close(struct json *json, char bracket)
{
	json->depth--;
	if (json->not_first)
		new_line(json);
	putc(bracket, json->stream);
	if (!json->depth)
		putc('\n', json->stream);
	json->not_first = true;
}

void json_number(struct json *json, const char *name, unsigned long long value)
{
	begin(json, name);
	fprintf(json->stream, "%llu", value);
}

void json_boolean(struct json *json, const char *name, bool value)
{
	begin(json, name);
	fputs(value ? "true" : "false", json->stream);
}

void json_text(struct json *json, const char *name, const char *value)
{
	begin(json, name);
	if (value)
		quote(json, value);
	else
		fputs("null", json->stream);
}

void json_objects(struct json *json, const char *name, size_t count,
		  void (*put)(struct json *json, const void *of, size_t number), const void *of)
{
	json_open(json, name, '[');
	for (size_t number = 0; number < count; number++) {
		json_open(json, NULL, '{');
		put(json, of, number);
		json_close(json, '}');
	}
	json_close(json, ']');
}
