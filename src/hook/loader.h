/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The dynamic linker's announcements: objects were loaded, are about to be unloaded, or are gone.
 *
 * For debuggers, ld.so calls an empty function before and after each change of its list of objects
 * (dlopen and dlclose), and publishes its address (struct r_debug of link.h). It is not a symbol
 * that the library could replace, so its entry is patched, as those of libc are. It consists of one
 * return instruction and the padding after it.
 */
#ifndef LOADER_H
#define LOADER_H

#include <stdbool.h>

enum loader_change {
	LOADER_CHANGED, /* objects were added or are gone, or nothing changed */
	LOADER_UNLOADS, /* some are about to be unloaded: their destructors have run, they are
			 * still mapped */
};

/*
 * Has changed() called at every change from now on: by the thread that makes it, with ld.so's lock
 * held, so that calls are serialized and dl_iterate_phdr() may be used, but neither malloc nor
 * dlopen.
 *
 * New objects are mapped then, and none of their constructors has run. Up to glibc 2.40 they are
 * not relocated either, and what becomes read-only after relocation (RELRO) is still writable; from
 * 2.41 on they are relocated, and it is read-only. No other thread has been given an address in
 * them. Objects of a dlopen that fails afterwards are announced, too, and so is their unloading.
 *
 * Must be called once, while only one thread runs. Returns 0, or -errno with nothing changed:
 * -ENOENT (a static program, or an ld.so with another structure), -EBUSY (something else is at that
 * entry, usually a debugger's breakpoint), or what patch_install() returns.
 */
int loader_watch(void (*changed)(enum loader_change change));

/* For changed(): are there libraries in namespaces of their own (dlmopen)? glibc reports that since
 * 2.35. */
bool loader_has_namespaces(void);

#endif
