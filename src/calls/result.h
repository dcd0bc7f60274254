/*
 * What an entry point returns, and who called it.
 */
#ifndef RESULT_H
#define RESULT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/sys.h"
#include "calls/state.h"

/* Is the caller of this function libc itself? malloc's calls are direct ones. */
#define CALLER_IS_LIBC()                                            \
	((uintptr_t)__builtin_return_address(0) - libc_calls.text < \
	 libc_calls.text_end - libc_calls.text)

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
