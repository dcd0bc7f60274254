/*
 * Writing JSON: see json.h.
 */
#include "tools/hugestat/json.h"

/* A name, so that who searches the sources for strings finds whole ones. */
#define QUOTE 0x22

void writer_begin(struct json *json, FILE *out, bool compact)
{
	*json = (struct json){.out = out, .compact = compact};
}

/* Bytes from 0x80 on are passed as they are: names of files are UTF-8, or nothing can be done. */
static void put_string(struct json *json, const char *text)
{
	fputc(QUOTE, json->out);
	for (; *text; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte == QUOTE || byte == '\\')
			fprintf(json->out, "\\%c", byte);
		else if (byte < 0x20)
			fprintf(json->out, "\\u%04x", byte);
		else
			fputc(byte, json->out);
	}
	fputc(QUOTE, json->out);
}

static void new_line(struct json *json)
{
	if (json->compact)
		return;
	fputc('\n', json->out);
	for (int i = 0; i < json->depth; i++)
		fputs("  ", json->out);
}

static void put_name(struct json *json, const char *name)
{
	if (json->started)
		fputc(',', json->out);
	if (json->depth)
		new_line(json);
	json->started = true;
	if (!name)
		return;
	put_string(json, name);
	fputs(json->compact ? ":" : ": ", json->out);
}

static void open_value(struct json *json, const char *name, char bracket)
{
	put_name(json, name);
	fputc(bracket, json->out);
	json->depth++;
	json->started = false;
}

static void close_value(struct json *json, char bracket)
{
	json->depth--;
	if (json->started)
		new_line(json);
	fputc(bracket, json->out);
	json->started = true;
	if (!json->depth)
		fputc('\n', json->out);
}

void writer_object(struct json *json, const char *name)
{
	open_value(json, name, '{');
}

void writer_object_end(struct json *json)
{
	close_value(json, '}');
}

void writer_array(struct json *json, const char *name)
{
	open_value(json, name, '[');
}

void writer_array_end(struct json *json)
{
	close_value(json, ']');
}

void writer_string(struct json *json, const char *name, const char *value)
{
	put_name(json, name);
	put_string(json, value);
}

void writer_number(struct json *json, const char *name, unsigned long long value)
{
	put_name(json, name);
	fprintf(json->out, "%llu", value);
}

void writer_bool(struct json *json, const char *name, bool value)
{
	put_name(json, name);
	fputs(value ? "true" : "false", json->out);
}

void writer_null(struct json *json, const char *name)
{
	put_name(json, name);
	fputs("null", json->out);
}
