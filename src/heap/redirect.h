/*
 * The redirection of functions of libc to ours: install, undo.
 *
 * glibc's malloc calls its own sbrk, mmap and mprotect directly, so no symbol of ours can stand in
 * between; the hook that it had for this, __morecore, is gone since 2.34. What works on all
 * versions, 2.31 to 2.43 by test, is one mechanism: a jump at the function's entry. The page of
 * text that holds it is copied to a memfd, the jump is written into the copy, and the copy is
 * mapped over the page, readable and executable: one atomic exchange, and no memory is ever
 * writable and executable. (The hook would still work up to 2.33, for the main heap alone: arenas
 * and blocks need the entries there as well, so there is nothing to win by a second way.)
 *
 * To be called while only one thread runs: a thread that stands within the first bytes of an entry
 * would run into the middle of the jump.
 */
#ifndef REDIRECT_H
#define REDIRECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "heap/libc.h"

struct redirect {
	const char *name;
	void (*handler)(void);
	bool optional; /* some versions of libc don't have it */
};

/*
 * Redirects all or, on failure, none. Returns 0, or -errno: -ENOENT (a function is not there, or
 * too short: an unknown libc), -EPERM or -EACCES (the text is sealed, or a policy forbids new
 * executable mappings), -ENOMEM.
 */
int redirect_install(const struct libc *libc, const struct redirect *redirects, int count);

/*
 * Lets every call of one function inside another (`fork` calls `_Fork`, twice in 2.36) end in
 * handler. To be called
 * before redirect_install(), which carries it out. *callee is the function's address.
 * -ENOENT: no such call.
 */
int redirect_call(const struct libc *libc, const char *caller, const char *callee_name,
		  uintptr_t handler, uintptr_t *callee);

/* Maps the original bytes back. */
void redirect_undo(void);

#endif
