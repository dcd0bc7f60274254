/*
 * Objects that are loaded after the start, by dlopen.
 */
#ifndef LATER_H
#define LATER_H

#include <link.h>
#include <stdbool.h>

/* Was this object there when the last look was taken? What a look at all objects leaves out. */
typedef bool later_known(const struct dl_phdr_info *object);

/*
 * Has arrived() called whenever objects came since the last time, or since now: after ld.so mapped
 * them and before their constructors run. known tells which ones they are not. By the thread that
 * loads them, with ld.so's lock held, so never by two at once; no malloc there.
 *
 * To be called once, while only one thread runs. Returns 0, or -errno where objects that come later
 * stay as they are: see loader_watch(), and -ENOMEM.
 */
int later_start(void (*arrived)(later_known *known));

#endif
