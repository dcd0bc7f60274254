/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --list-shared-text and --drop-shared-text.
 */
#include <stdio.h>

#include "hugeadm.h"
#include "shared_copies.h"

static void copy_as_json(const struct shared_copy *copy, struct json *json)
{
	json_open(json, NULL, '{');
	json_text(json, "path", copy->path);
	json_number(json, "bytes", copy->bytes);
	json_number(json, "page_size_bytes", copy->page_bytes);
	json_text(json, "object", copy->object);
	json_boolean(json, "replaced", !copy->is_current);
	json_open(json, "users", '[');
	for (int i = 0; i < copy->user_count; i++)
		json_number(json, NULL, (unsigned long long)copy->users[i]);
	json_close(json, ']');
	json_close(json, '}');
}

int list_shared_text(const struct request *request, struct json *json)
{
	struct shared_copy *copies;
	int count, unknown,
		shown = 0, result = shared_copies_find_used(SHARED_TEXT, &copies, &count, &unknown);

	(void)request;
	if (json)
		json_open(json, "shared_text", '[');
	for (int i = 0; i < count; i++) {
		const struct shared_copy *copy = &copies[i];

		if (shared_copy_is_second_name(copy))
			continue;
		if (json) {
			copy_as_json(copy, json);
			continue;
		}
		if (!shown++)
			printf("%12s %10s %6s %s\n", "Size", "Page", "Users", "File and object");
		printf("%12llu %10zu %6d %s %s%s\n", (unsigned long long)copy->bytes,
		       copy->page_bytes, copy->user_count, copy->path,
		       copy->object ? copy->object : "-", copy->is_current ? "" : " (replaced)");
	}
	if (json)
		json_close(json, ']');
	else if (!shown && !result)
		puts("No shared text found.");
	return result;
}

int drop_shared_text(const struct request *request)
{
	struct shared_copy *copies;
	int count, unknown,
		result = shared_copies_find_used(SHARED_TEXT, &copies, &count, &unknown);

	/* if not all users are visible, there may be one */
	for (int i = 0; i < count && !unknown && !interrupt_signal(); i++)
		if (!copies[i].user_count || !copies[i].is_current)
			result = shared_copy_drop(request, &copies[i]) ?: result;
	return result;
}
