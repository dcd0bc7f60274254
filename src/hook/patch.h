/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Patches functions of libc or of another object to jump to the library's; installs and undoes.
 *
 * glibc's malloc calls its own sbrk, mmap and mprotect directly, so a symbol cannot interpose; the
 * hook for this purpose, __morecore, was removed in 2.34. One mechanism works on all versions (2.31
 * to 2.44 are tested): a jump at the function's entry. The page of text that holds it is copied to
 * a memfd, the jump is written into the copy, and the copy is mapped over the page, readable and
 * executable: one atomic exchange, and no memory is ever writable and executable at once. (The hook
 * would still work up to 2.33, but for the main heap only: arenas and large blocks need the patched
 * entries there as well, so a second mechanism would gain nothing.)
 *
 * Must be called while only one thread runs: a thread within the first bytes of an entry would run
 * into the middle of the jump. Text on hugetlb pages can no longer be exchanged (-EINVAL), so text
 * must be patched before it moves there.
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
	bool optional; /* some versions of libc do not have it, or it is too short for a jump */
};

/*
 * Patches these functions, and those of patch_call() and patch_entry() since the last call: all of
 * them or, on failure, none; what earlier calls installed stays. Returns 0, or -errno: -ENOENT (a
 * function does not exist or is too short: an unsupported libc), -EPERM or -EACCES (the text is
 * sealed, or a policy forbids new executable mappings), -EFBIG (the limit for files), -ENOMEM.
 */
int patch_install(const struct libc *libc, const struct hook *hooks, int count);

/*
 * The same, written to the text's own pages, where text_write_is_allowed() and nobody has changed
 * them: that takes a third of the time of a copy. MADV_DONTNEED on that text would remove them:
 * call patch_settle() before. No other task may run meanwhile. The next patch_install() puts them
 * in a copy.
 */
int patch_write(const struct libc *libc, const struct hook *hooks, int count);

/* What patch_write() wrote goes to a copy, so that the text's own pages are as in its file. */
void patch_settle(void);

/* Does the function jump to a handler now? For optional ones. */
bool patch_is_installed(const struct libc *libc, const char *name);

/*
 * Makes every call of one function inside another (`fork` calls `_Fork`, twice in 2.36) a call of
 * handler. Must precede patch_install(), which carries it out. *callee is the function's address.
 * -ENOENT: no such call.
 */
int patch_call(const struct libc *libc, const char *caller, const char *callee_name,
	       uintptr_t handler, uintptr_t *callee);

/*
 * The same for a function without a name: the first one that the caller's text calls exactly
 * `times` times.
 */
int patch_repeated_call(const struct libc *libc, const char *caller, int times, uintptr_t handler,
			uintptr_t *callee);

/* A call whose target is not known by name, but the call right before or right after it is. */
struct patch_neighbour {
	const char *of;
	bool behind; /* it follows the first call of that function; otherwise it precedes it */
	uintptr_t handler;
	uintptr_t *callee; /* receives the address of the called function */
};

/*
 * Makes such calls inside one function calls of their handlers: all of them or, with -ENOENT, none,
 * if one of these places has no direct call into libc. -ENOMEM: the table is full; nothing of libc
 * must be patched then. Must precede patch_install().
 */
int patch_neighbours(const struct libc *libc, const char *caller,
		     const struct patch_neighbour *neighbours, int count);

/*
 * Makes one function of any object jump to handler: entry is its address, bytes is what may be
 * overwritten there (its size, and padding after it that is never run). object says where the text
 * is: see libc_find_object(). Carried out by the next patch_install(). -ENOENT: outside of the
 * text, or too short for a jump; -ENOMEM: too many.
 */
int patch_entry(const struct libc *object, uintptr_t entry, size_t bytes, void (*handler)(void));

/* Maps the original bytes of that object back: all of its functions are unpatched. */
void patch_undo(const struct libc *object);

#endif
