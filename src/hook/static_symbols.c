/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The C library of a static program: only in libhugetlbfs.a.
 *
 * There is no symbol table to read at run time, but the linker knows the addresses. The references
 * are weak, so that nothing is linked that the program does not use; what is not linked is not
 * called either.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/shm.h>
#include <sys/uio.h>
#include <unistd.h>

#include "hook/symbols.h"

#pragma weak sbrk
#pragma weak brk
#pragma weak mmap
#pragma weak mmap64
#pragma weak munmap
#pragma weak mremap
#pragma weak mprotect
#pragma weak pkey_mprotect
#pragma weak madvise
#pragma weak posix_madvise
#pragma weak mlock
#pragma weak mlock2
#pragma weak munlock
#pragma weak mlockall
#pragma weak munlockall
#pragma weak prctl
#pragma weak shmat
#pragma weak syscall
#pragma weak ioctl
#pragma weak fork
#pragma weak mallopt

extern ssize_t process_madvise(int, const struct iovec *, size_t, int, unsigned int)
	__attribute__((weak));
extern pid_t _Fork(void) __attribute__((weak));
extern char __libc_single_threaded __attribute__((weak));

/* The linker does not provide sizes. Wrappers of system calls are longer than a jump; fork is
 * longer still. */
#define WRAPPER_BYTES 16
#define FORK_BYTES    1024

#define ROW(symbol, bytes)                              \
	{                                               \
#symbol, (const void *)&(symbol), bytes \
	}

static const struct {
	const char *name;
	const void *address;
	size_t bytes;
} rows[] = {
	ROW(sbrk, WRAPPER_BYTES),
	ROW(brk, WRAPPER_BYTES),
	ROW(mmap, WRAPPER_BYTES),
	ROW(mmap64, WRAPPER_BYTES),
	ROW(munmap, WRAPPER_BYTES),
	ROW(mremap, WRAPPER_BYTES),
	ROW(mprotect, WRAPPER_BYTES),
	ROW(pkey_mprotect, WRAPPER_BYTES),
	ROW(madvise, WRAPPER_BYTES),
	ROW(posix_madvise, WRAPPER_BYTES),
	ROW(process_madvise, WRAPPER_BYTES),
	ROW(mlock, WRAPPER_BYTES),
	ROW(mlock2, WRAPPER_BYTES),
	ROW(munlock, WRAPPER_BYTES),
	ROW(mlockall, WRAPPER_BYTES),
	ROW(munlockall, WRAPPER_BYTES),
	ROW(prctl, WRAPPER_BYTES),
	ROW(ioctl, WRAPPER_BYTES),
	ROW(shmat, WRAPPER_BYTES),
	ROW(syscall, WRAPPER_BYTES),
	ROW(fork, FORK_BYTES),
	ROW(_Fork, WRAPPER_BYTES),
	ROW(mallopt, 0),
	ROW(malloc, 0),
	ROW(free, 0),
	ROW(__libc_single_threaded, 0),
};

static uintptr_t address_of(const char *name, size_t *bytes)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (strcmp(rows[i].name, name))
			continue;
		if (bytes)
			*bytes = rows[i].bytes;
		return (uintptr_t)rows[i].address;
	}
	return 0;
}

static int find_own_text(struct dl_phdr_info *object, size_t size, void *data)
{
	struct libc *libc = data;

	(void)size;
	for (int i = 0; i < object->dlpi_phnum; i++) {
		const ElfW(Phdr) *header = &object->dlpi_phdr[i];
		uintptr_t start = object->dlpi_addr + header->p_vaddr;

		if (header->p_type == PT_LOAD && header->p_flags & PF_X &&
		    (uintptr_t)find_own_text - start < header->p_memsz) {
			libc->text = start;
			libc->text_end = start + header->p_memsz;
			return 1;
		}
	}
	return 0;
}

int libc_find_static(struct libc *libc)
{
	*libc = (struct libc){.static_address = address_of};
	return dl_iterate_phdr(find_own_text, libc) ? 0 : -ENOENT;
}
