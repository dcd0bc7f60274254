/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A System V segment is attached at an address of a small page, and parts of it are protected,
 * advised and unmapped; what it holds is kept, and shared with a child and with other attachments.
 */
#include <signal.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>
#include "test.h"

#define BASE  4096
#define BYTES (4 * MEGABYTE)

static int new_segment(void)
{
	int id = shmget(IPC_PRIVATE, BYTES, IPC_CREAT | 0600);

	CHECK(id >= 0, "%m");
	return id;
}

static char *attach(int id, void *where)
{
	char *at = shmat(id, where, 0);

	CHECK(at != (void *)-1, "%m");
	return at;
}

static void remove_segment(int id)
{
	CHECK(shmctl(id, IPC_RMID, NULL) == 0, "%m");
}

/* Address space that ends in a small page's address. */
static char *odd_place(void)
{
	char *at = mmap(NULL, BYTES + 4 * MEGABYTE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED && munmap(at, BYTES + 4 * MEGABYTE) == 0, "%m");
	return (char *)(((uintptr_t)at | (2 * MEGABYTE - 1)) + 1 + BASE);
}

static void odd_address(void)
{
	int id = new_segment();
	char *where = odd_place(), *at = attach(id, where), *other;

	CHECK(at == where, "attached at %p", (void *)at);
	memset(at, 3, BYTES);
	other = attach(id, NULL);
	CHECK(other[BYTES - 1] == 3, "another attachment has another content");
	remove_segment(id);
	CHECK(shmdt(at) == 0 && shmdt(other) == 0, "%m");
}

static int faults(char *at)
{
	pid_t child = fork();
	int status;

	if (child == 0) {
		*(volatile char *)at = 1;
		_exit(0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child, "%m");
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV;
}

static void parts(char *at)
{
	fill_offsets(at, 0, BYTES);
	CHECK(mprotect(at + 2 * BASE, BASE, PROT_NONE) == 0, "%m");
	CHECK(faults(at + 2 * BASE) && !faults(at + 3 * BASE), "the guard page is elsewhere");
	CHECK(madvise(at + 16 * BASE, BASE, MADV_DONTDUMP) == 0, "%m");
	CHECK(mprotect(at + 2 * BASE, BASE, PROT_READ | PROT_WRITE) == 0, "%m");
	fill_offsets(at, 3 * BASE, 4 * BASE);
	check_offsets(at, BYTES);
	/* a child shares it still */
	CHECK(!faults(at + 5 * BASE) && at[5 * BASE] == 1, "a child's write is lost");
}

static void removed_segment(void)
{
	int id = new_segment();
	char *at = attach(id, NULL);

	remove_segment(id);
	parts(at);
	CHECK(munmap(at + MEGABYTE, 16 * BASE) == 0, "%m");
	CHECK(faults(at + MEGABYTE) && !faults(at + MEGABYTE - 1), "the hole is elsewhere");
	CHECK(shmdt(at) == 0, "%m");
}

static void segment_with_identifier(void)
{
	int id = new_segment();
	char *at = attach(id, NULL), *other;
	struct shmid_ds status;

	parts(at);
	other = attach(id, NULL);
	CHECK(shmctl(id, IPC_STAT, &status) == 0 && status.shm_nattch >= 2, "%m");
	other[7] = 77;
	CHECK(at[7] == 77, "two attachments are not the same memory");
	remove_segment(id);
	CHECK(shmdt(other) == 0 && shmdt(at) == 0, "%m");
	CHECK(shmctl(id, IPC_STAT, &status) == -1, "it is still there");
}

int main(void)
{
	removed_segment();
	segment_with_identifier();
	odd_address();
	puts("as on small pages");
	return 0;
}
