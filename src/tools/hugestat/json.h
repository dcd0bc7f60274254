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

void json_begin(struct json *json, FILE *out, bool compact);
void json_object(struct json *json, const char *name);
void json_object_end(struct json *json);
void json_array(struct json *json, const char *name);
void json_array_end(struct json *json);
void json_string(struct json *json, const char *name, const char *value);
void json_number(struct json *json, const char *name, unsigned long long value);
void json_bool(struct json *json, const char *name, bool value);
void json_null(struct json *json, const char *name);

#endif
