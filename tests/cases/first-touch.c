/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * On a machine with several NUMA nodes memory lies where the thread runs that touches it first, and
 * where set_mempolicy() and mbind() say, on any base page.
 */
#include <sched.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "heap_share.h"

#define BASE       ((size_t)4096)
#define BYTES      (32 * MEGABYTE)
#define PAGES      (BYTES / BASE)
#define HUGE_PARTS (2 * MEGABYTE / BASE)
#define MODE_BIND  2 /* MPOL_BIND */
#define FLAG_MOVE  2 /* MPOL_MF_MOVE */
#define NODES_BITS (8 * sizeof(unsigned long))

static void run_on(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		SKIP("this machine has no CPU %d", cpu);
}

static int node_now(void)
{
	unsigned int node = 0;

	CHECK(syscall(SYS_getcpu, NULL, &node, NULL) == 0, "%m");
	return (int)node;
}

static int node_of(char *at)
{
	void *page = at;
	int node = -1;

	CHECK(syscall(SYS_move_pages, 0, 1ul, &page, NULL, &node, 0) == 0, "move_pages: %m");
	return node;
}

/* The huge pages at both ends belong to neighbours as well: malloc writes there before. */
static void check_node(char *block, int node, const char *what)
{
	size_t wrong = 0;

	for (size_t i = HUGE_PARTS; i < PAGES - HUGE_PARTS; i++)
		wrong += node_of(block + i * BASE) != node;
	CHECK(!wrong, "%s: %zu of %zu pages are not on node %d", what, wrong, PAGES, node);
}

/* A block as malloc or mmap gives it, from its first whole base page on. */
static char *make_block(bool mapped)
{
	char *block = mapped ? mmap(NULL, BYTES + BASE, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
			     : malloc(BYTES + BASE);

	CHECK(block && block != MAP_FAILED, "%m");
	return (char *)(((uintptr_t)block + BASE - 1) & ~(BASE - 1));
}

static void *touch_there(void *block)
{
	run_on(1);
	memset(block, 1, BYTES);
	return NULL;
}

static char *touched_by_thread(bool mapped)
{
	char *block = make_block(mapped);

	pthread_join(start_thread(touch_there, block), NULL);
	check_node(block, 1, mapped ? "a mapping" : "a block");
	return block;
}

/* The pool of that node may have no pages left for it. */
static void touched_under_policy(void)
{
	char *block = make_block(true);
	unsigned long nodes = 1ul << 1;
	int status;
	pid_t child = fork();

	CHECK(child >= 0, "%m");
	if (!child) {
		memset(block, 3, BYTES);
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0, "a child: %#x", status);
	CHECK(syscall(SYS_set_mempolicy, MODE_BIND, &nodes, NODES_BITS) == 0, "%m");
	memset(block, 2, BYTES);
	check_node(block, 1, "set_mempolicy");
	CHECK(syscall(SYS_set_mempolicy, 0, NULL, 0ul) == 0, "%m");
}

static void bind_part(char *block)
{
	char *part = block + BYTES / 2 + 5 * BASE;
	unsigned long nodes = 1ul << 0;

	CHECK(syscall(SYS_mbind, part, BASE, MODE_BIND, &nodes, NODES_BITS, FLAG_MOVE) == 0,
	      "mbind: %m");
	CHECK(node_of(part) == 0, "mbind of one page: node %d", node_of(part));
	for (size_t i = 0; i < BYTES; i++)
		CHECK(block[i] == 1, "byte %zu", i);
}

int main(void)
{
	char *block;

	run_on(1);
	if (node_now() != 1)
		SKIP("this machine has one node");
	run_on(0);
	block = touched_by_thread(false);
	touched_by_thread(true);
	bind_part(block);
	touched_under_policy();
	puts("ok");
	return 0;
}
