/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What an entry point returns, and which code called it.
 */
#ifndef RESULT_H
#define RESULT_H

#include <entry.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sys.h"
#include "calls/state.h"

/*
 * Was the call made by libc itself? malloc's calls are direct calls by a function of libc. libc
 * calls the program's functions through a pointer: if such a function ends in a tail call to a
 * hooked function, the return address is in libc, although libc is not the caller.
 */
static inline bool is_libc_call(uintptr_t return_address)
{
	const uintptr_t text = libc_calls.text, bytes = libc_calls.text_end - text;
	const uintptr_t at = return_address - ENTRY_CALL_BYTES;

	return return_address - text < bytes && at - text < bytes &&
	       entry_call_target((const unsigned char *)at, at) - text < bytes;
}

#define CALLER_IS_LIBC() is_libc_call((uintptr_t)__builtin_return_address(0))

/* A kernel's result, as libc returns it. */
static inline long answer(long result)
{
	if (SYS_IS_ERROR(result)) {
		errno = (int)-result;
		return -1;
	}
	return result;
}

#endif
