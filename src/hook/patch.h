/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The redirection of functions to ours, of libc's or of another object's: install, undo.
 *
 * glibc's malloc calls its own sbrk, mmap and mprotect directly, so no symbol of ours can stand in
 * between; the hook that it had for this, __morecore, is gone since 2.34. What works on all
 * versions, 2.31 to 2.44 by test, is one mechanism: a jump at the function's entry. The page of
 * text that holds it is copied to a memfd, the jump is written into the copy, and the copy is
 * mapped over the page, readable and executable: one atomic exchange, and no memory is ever
 * writable and executable at once. (The hook would still work up to 2.33, for the main heap alone:
 * arenas and blocks need the entries there as well, so there is nothing to win by a second way.)
 *
 * To be called while only one thread runs: a thread that stands within the first bytes of an entry
 * would run into the middle of the jump. Text that is on hugetlb pages can't be exchanged any more
 * (-EINVAL): who moves text there does so after the redirections.
 */
#ifndef PATCH_H
#define PATCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hook/symbols.h"

struct hook {
	const char *name;
	void (*handler)(void);
	bool optional; /* some versions of libc don't have it, or one too short for a jump */
};

/*
 * Redirects these functions, and what patch_call() and patch_entry() asked for since the last
 * time: all or, on failure, none of them; what earlier calls installed stays. Returns 0, or -errno:
 * -ENOENT (a function is not there, or too short: an unknown libc), -EPERM or -EACCES (the text is
 * sealed, or a policy forbids new executable mappings), -EFBIG (the limit for files), -ENOMEM.
 */
int patch_install(const struct libc *libc, const struct hook *hooks, int count);

/* Does the function end in a handler now? For those that are optional. */
bool patch_is_installed(const struct libc *libc, const char *name);

/*
 * Lets every call of one function inside another (`fork` calls `_Fork`, twice in 2.36) end in
 * handler. To be called before patch_install(), which carries it out. *callee is the function's
 * address. -ENOENT: no such call.
 */
int patch_call(const struct libc *libc, const char *caller, const char *callee_name,
	       uintptr_t handler, uintptr_t *callee);

/*
 * The same for a function without a name: the first one in the caller's text that is called there
 * exactly `times` times.
 */
int patch_repeated_call(const struct libc *libc, const char *caller, int times, uintptr_t handler,
			uintptr_t *callee);

/* A call by what it calls is not known, but what is called right before it, or right behind. */
struct patch_neighbour {
	const char *of;
	bool behind; /* it follows the first call of that one; else it stands before it */
	uintptr_t handler;
	uintptr_t *callee; /* gets the address of what was called */
};

/*
 * Lets such calls inside one function end in their handlers: all, or none, with -ENOENT, where one
 * of these places holds no direct call of libc's. -ENOMEM: there is no room for more; nothing of
 * libc is to be redirected then. To be called before patch_install().
 */
int patch_neighbours(const struct libc *libc, const char *caller,
		     const struct patch_neighbour *neighbours, int count);

/*
 * Lets one function of any object end in handler: entry is its address, bytes what may be
 * overwritten there (its size, and padding behind it that nobody runs). object says where the text
 * lies: see libc_find_object(). Carried out by the next patch_install(). -ENOENT: outside of the
 * text, or too short for a jump; -ENOMEM: too many.
 */
int patch_entry(const struct libc *object, uintptr_t entry, size_t bytes, void (*handler)(void));

/* Maps the original bytes of that object back: all of its functions are what they were. */
void patch_undo(const struct libc *object);

#endif
