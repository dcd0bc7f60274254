/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the entry points share: see state.h.
 */
#include "calls/state.h"

struct libc_calls libc_calls;

void calls_add_mapper(calls_mapper *mapper)
{
	for (int i = 0; i < CALLS_MAPPERS; i++)
		if (!libc_calls.mappers[i] || libc_calls.mappers[i] == mapper) {
			libc_calls.mappers[i] = mapper;
			return;
		}
}

void calls_remove_mapper(calls_mapper *mapper)
{
	int kept = 0;

	for (int i = 0; i < CALLS_MAPPERS; i++)
		if (libc_calls.mappers[i] != mapper)
			libc_calls.mappers[kept++] = libc_calls.mappers[i];
	while (kept < CALLS_MAPPERS)
		libc_calls.mappers[kept++] = NULL;
}
