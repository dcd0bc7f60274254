/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A library may patch sbrk's entry while the program runs, as UCX does for MPI, and restore it at
 * the end. It writes a jump over the entry and answers by the kernel's break.
 */
#include <entry.h>
#include <malloc.h>
#include <sys/syscall.h>

#include "heap_share.h"

#define BLOCKS 200

static unsigned char *entry, before[ENTRY_JUMP_BYTES_MAX];
static int asked;

static void *foreign_sbrk(intptr_t increment)
{
	uintptr_t now = (uintptr_t)syscall(SYS_brk, 0);

	asked++;
	/* by libc, which remembers where the break is */
	if (increment && brk((void *)(now + (uintptr_t)increment)))
		return (void *)-1;
	return (void *)now;
}

/* Writable and executable at once: as they do it. */
static void write_entry(const unsigned char *code, size_t bytes)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	char *from = (char *)((uintptr_t)entry & ~(page - 1));
	size_t length = (size_t)((char *)entry + sizeof(before) - from);

	CHECK(mprotect(from, length, PROT_READ | PROT_WRITE | PROT_EXEC) == 0, "mprotect");
	memcpy(entry, code, bytes);
	__builtin___clear_cache((char *)entry, (char *)entry + bytes);
	CHECK(mprotect(from, length, PROT_READ | PROT_EXEC) == 0, "mprotect back");
}

static void take_over(void)
{
	unsigned char code[ENTRY_JUMP_BYTES_MAX];
	size_t bytes;

	entry = (unsigned char *)(uintptr_t)sbrk;
	entry += entry_landing_bytes(entry, ENTRY_JUMP_BYTES_MAX);
	memcpy(before, entry, sizeof(before));
	bytes = entry_encode_jump(code, (uintptr_t)entry, (uintptr_t)foreign_sbrk);
	write_entry(code, bytes);
}

static void use_malloc(char *block[BLOCKS], unsigned char mark)
{
	for (int i = 0; i < BLOCKS; i++) {
		block[i] = malloc(100000 + (size_t)i * 100);
		CHECK(block[i], "malloc");
		memset(block[i], mark + i, 100000);
	}
}

static void check_blocks(char *block[BLOCKS], unsigned char mark)
{
	for (int i = 0; i < BLOCKS; i++) {
		for (int at = 0; at < 100000; at += 333)
			CHECK(block[i][at] == (char)(mark + i), "block %d changed", i);
		free(block[i]);
	}
}

int main(void)
{
	char *first[BLOCKS], *second[BLOCKS], *third[BLOCKS];

	/* so that malloc grows by the break alone */
	mallopt(M_MMAP_THRESHOLD, 32 << 20);
	mallopt(M_TRIM_THRESHOLD, 64 << 20);
	use_malloc(first, 1);
	take_over();
	use_malloc(second, 2);
	CHECK(asked > 0, "malloc did not ask the new sbrk");
	check_blocks(first, 1);
	malloc_trim(0);
	use_malloc(first, 4);
	write_entry(before, sizeof(before));
	use_malloc(third, 3);
	check_blocks(first, 4);
	check_blocks(second, 2);
	check_blocks(third, 3);
	malloc_trim(0);
	printf("three times %d blocks\n", BLOCKS);
	return 0;
}
