/*
 * Writing JSON: indented, commas and quotes in their places. A name of NULL is for elements of an
 * array and for the outermost value.
 */
#ifndef HUGESTAT_JSON_H
#define HUGESTAT_JSON_H

#include <stdbool.h>
#include <stdio.h>

struct json {
	FILE *out;
	int depth;
	bool compact; /* one line */
	bool started; /* something is before, at this depth */
};

void writer_begin(struct json *json, FILE *out, bool compact);
void writer_object(struct json *json, const char *name);
void writer_object_end(struct json *json);
void writer_array(struct json *json, const char *name);
void writer_array_end(struct json *json);
void writer_string(struct json *json, const char *name, const char *value);
void writer_number(struct json *json, const char *name, unsigned long long value);
void writer_bool(struct json *json, const char *name, bool value);
void writer_null(struct json *json, const char *name);

#endif
