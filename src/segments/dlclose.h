/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text and data on hugetlb pages that are unloaded with their library.
 */
#ifndef SEGMENTS_DLCLOSE_H
#define SEGMENTS_DLCLOSE_H

/*
 * ld.so is about to unmap some library, without saying which one: until dlclose_forget(), memory of
 * libraries may be unmapped at any moment. Under ld.so's lock.
 */
void dlclose_expect(void);

/* Removes the ranges that are no longer inside a loaded object, and trusts the others again. Under
 * ld.so's lock. */
void dlclose_forget(void);

#endif
