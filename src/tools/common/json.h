/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Writes JSON to a stream, piece by piece: the caller opens and closes objects and lists in the
 * right order, and gives each member of an object a name, each member of a list NULL.
 */
#ifndef JSON_H
#define JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

struct json {
	FILE *stream;
	int depth;
	bool compact;   /* on one line */
	bool not_first; /* a member precedes at this depth */
};

/* The version of all of the tools' JSON; it rises when a member changes its meaning or is
 * removed. */
#define JSON_VERSION 1

/* Opens the outermost object, or an element of the outermost list; its first member is the
 * version. */
void json_document(struct json *json);

void json_open(struct json *json, const char *name, char bracket); /* '{' or '[' */
void json_close(struct json *json, char bracket);                  /* '}' or ']' */
void json_number(struct json *json, const char *name, unsigned long long value);
void json_real(struct json *json, const char *name, double value); /* six digits */
void json_boolean(struct json *json, const char *name, bool value);
void json_text(struct json *json, const char *name, const char *value); /* NULL: null */

/* A list of `count` objects: put writes the members of one of them, given its index and the
 * context. */
void json_objects(struct json *json, const char *name, size_t count,
		  void (*put)(struct json *json, const void *of, size_t number), const void *of);

#endif
