/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * JSON on a stream: two spaces per level, names quoted, text escaped. JSON is UTF-8: a byte that is
 * not becomes U+FFFD. Control characters of all kinds are escaped, because it may be read on a
 * terminal.
 */
#include "tools/common/json.h"
#include "tools/common/shown_text.h"

static void quote(struct json *json, const char *text)
{
	putc('"', json->stream);
	while (*text) {
		uint32_t code;
		size_t bytes = text_character(text, &code);

		if (!bytes)
			fputs("\\ufffd", json->stream);
		else if (*text == '"' || *text == '\\')
			fprintf(json->stream, "\\%c", *text);
		else if (text_is_control(code))
			fprintf(json->stream, "\\u%04x", (unsigned int)code);
		else
			fwrite(text, 1, bytes, json->stream);
		text += bytes ? bytes : 1;
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

void json_document(struct json *json)
{
	json_open(json, NULL, '{');
	json_number(json, "version", JSON_VERSION);
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

void json_real(struct json *json, const char *name, double value)
{
	begin(json, name);
	fprintf(json->stream, "%.6g", value);
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
