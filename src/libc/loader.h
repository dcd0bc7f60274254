/*
 * The dynamic linker's announcements: objects were loaded, or are gone.
 *
 * For debuggers, ld.so calls a function that does nothing before and after each change of its list
 * of objects, dlopen and dlclose alike, and tells its address to everybody (struct r_debug of
 * link.h). No symbol of ours could stand in for that, and none is needed: the function's entry is
 * redirected, as those of libc are. It holds one return instruction and the padding behind it.
 */
#ifndef LOADER_H
#define LOADER_H

/*
 * Has changed() called after every change of the list of objects from now on: by the thread that
 * changes it, with ld.so's lock held, so that one call comes after the other and dl_iterate_phdr()
 * may be used, but neither malloc nor dlopen. Objects that came are mapped then, and up to glibc
 * 2.40 not yet relocated; their constructors have not run. Objects that went are unmapped.
 *
 * To be called once, while only one thread runs. Returns 0, or -errno with nothing changed:
 * -ENOENT (a static program, or an ld.so that is put together in another way), -EBUSY (there is
 * something else at that entry, as a rule a debugger's breakpoint), or what redirect_install()
 * returns.
 */
int loader_watch(void (*changed)(void));

#endif
