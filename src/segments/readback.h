/*
 * What the kernel really gave.
 */
#ifndef READBACK_H
#define READBACK_H

#include <stddef.h>
#include <stdint.h>

/* How many bytes of [start, end) are mapped by huge pages of any kind now. By the page tables
 * (Linux 6.7), else by /proc/self/smaps; 0 without both. */
size_t readback_huge_bytes(uintptr_t start, uintptr_t end);

/* The same for who asks more than once: the page tables, opened. Never fails; see above. */
struct readback {
	long fd;
};

void readback_open(struct readback *readback);
size_t readback_bytes(const struct readback *readback, uintptr_t start, uintptr_t end);
void readback_close(const struct readback *readback);

#endif
