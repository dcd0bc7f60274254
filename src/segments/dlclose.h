/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text and data on hugetlb pages that go with their library.
 */
#ifndef SEGMENTS_DLCLOSE_H
#define SEGMENTS_DLCLOSE_H

/*
 * ld.so is about to unmap some library, and says not which: until dlclose_forget(), what is in
 * libraries may go while others look at it. Under ld.so's lock.
 */
void dlclose_expect(void);

/* Forgets what is no longer inside a loaded object, and trusts the rest again. Under ld.so's lock.
 */
void dlclose_forget(void);

#endif
