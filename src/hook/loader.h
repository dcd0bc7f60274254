/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The dynamic linker's announcements: objects were loaded, are about to go, or are gone.
 *
 * For debuggers, ld.so calls a function that does nothing before and after each change of its list
 * of objects, dlopen and dlclose alike, and tells its address to everybody (struct r_debug of
 * link.h). No symbol of ours could stand in for that, and none is needed: the function's entry is
 * redirected, as those of libc are. It holds one return instruction and the padding behind it.
 */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>

enum loader_change {
	LOADER_CHANGED, /* objects came, or are gone, or all is as it was */
	LOADER_UNLOADS, /* some are about to go: their destructors have run, they are mapped yet */
};

/*
 * Has changed() called at every change from now on: by the thread that makes it, with ld.so's lock
 * held, so that one call comes after the other and dl_iterate_phdr() may be used, but neither
 * malloc nor dlopen.
 *
 * Objects that came are mapped then, and none of their constructors has run. Up to glibc 2.40 they
 * are not relocated either, and what is to be read-only after relocation (RELRO) is writable still;
 * from 2.41 on they are relocated, and it is read-only. No other thread was given an address in
 * them. Also told are objects of a dlopen that fails afterwards; that they go is told, too.
 *
 * To be called once, while only one thread runs. Returns 0, or -errno with nothing changed:
 * -ENOENT (a static program, or an ld.so that is put together in another way), -EBUSY (there is
 * something else at that entry, as a rule a debugger's breakpoint), or what patch_install()
 * returns.
 */
int loader_watch(void (*changed)(enum loader_change change));

/* For changed(): are there libraries in namespaces of their own (dlmopen)? glibc tells since 2.35.
 */
bool loader_has_namespaces(void);

#endif
