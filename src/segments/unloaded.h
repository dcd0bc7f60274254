/*
 * Text on hugetlb pages that went with its library.
 */
#ifndef UNLOADED_H
#define UNLOADED_H

/*
 * Ends the care for text of which no object is loaded any more. For who is told by ld.so, under its
 * lock. Makes no system call but munmap.
 */
void unloaded_forget(void);

#endif
