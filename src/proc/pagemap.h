/*
 * What the kernel really gave.
 */
#ifndef PAGEMAP_H
#define PAGEMAP_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes of [start, end) are mapped by huge pages of any kind now. By the page tables
 * (Linux 6.7), else by /proc/self/smaps; 0 without both. */
size_t pagemap_huge_bytes(uintptr_t start, uintptr_t end);

/* The same for who asks more than once: the page tables, opened. Never fails; see above. */
struct pagemap {
	long fd;
};

void pagemap_open(struct pagemap *readback);
size_t pagemap_bytes(const struct pagemap *readback, uintptr_t start, uintptr_t end);
void pagemap_close(const struct pagemap *readback);

#endif
