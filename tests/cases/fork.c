/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The heap has the right content in parent and child after fork, vfork, posix_spawn and clone. The
 * first argument is the case.
 */
#include <signal.h>
#include <spawn.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include "heap_share.h"

#define BLOCKS 1600
#define BYTES  65536

extern char **environ;

static void *block[BLOCKS];

static void fill(int blocks, uint64_t seed)
{
	for (int i = 0; i < blocks; i++) {
		if (!block[i])
			block[i] = need(malloc(BYTES));
		fill_pattern(block[i], BYTES, seed);
	}
}

static void fill_all(uint64_t seed)
{
	fill(BLOCKS, seed);
	if (seed == 1)
		heap_share_check();
}

static void check_all(uint64_t seed)
{
	for (int i = 0; i < BLOCKS; i++)
		check_pattern(block[i], BYTES, seed);
}

static void check_exit(pid_t child)
{
	int status;

	CHECK(child > 0 && waitpid(child, &status, 0) == child, "no child");
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0, "the child ended with status %#x",
	      (unsigned int)status);
}

/* Both write at the same time, over everything, and each keeps its own. */
static void both_write(void)
{
	pid_t child;

	fill_all(1);
	child = fork();
	if (child == 0) {
		check_all(1);
		fill_all(2);
		free(need(malloc(30 * MEGABYTE)));
		check_all(2);
		_exit(0);
	}
	fill_all(3);
	check_all(3);
	check_exit(child);
	check_all(3);
}

/* The child ends at once; the parent goes on writing what it had shared. */
static void child_exits(void)
{
	fill_all(1);
	for (uint64_t turn = 0; turn < 5; turn++) {
		pid_t child = fork();

		if (child == 0)
			exit(0);
		check_exit(child);
		check_all(1 + turn);
		fill_all(2 + turn);
	}
}

static void nested(void)
{
	pid_t child;

	fill_all(1);
	child = fork();
	if (child == 0) {
		pid_t grandchild = fork();

		if (grandchild == 0) {
			check_all(1);
			fill_all(2);
			check_all(2);
			exit(0);
		}
		fill_all(3);
		check_exit(grandchild);
		check_all(3);
		exit(0);
	}
	check_exit(child);
	check_all(1);
	fill_all(4);
	check_all(4);
}

static void take_whole_pool(void)
{
	while (mmap(NULL, 2 * MEGABYTE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | MAP_POPULATE, -1, 0) != MAP_FAILED)
		;
}

/*
 * A daemon: it was small when it was forked, has grown over what is copied unasked, and starts a
 * helper; others take the pool before it writes. It goes on, whatever becomes of the helper.
 */
static void grown_child(void)
{
	pid_t child, helper;

	fill(400, 1);
	child = fork();
	if (child == 0) {
		fill_all(2);
		helper = fork();
		if (helper == 0)
			for (;;)
				pause();
		take_whole_pool();
		fill_all(3);
		check_all(3);
		kill(helper, SIGKILL);
		CHECK(waitpid(helper, NULL, 0) == helper, "%m");
		_exit(0);
	}
	check_exit(child);
	for (int i = 0; i < 400; i++)
		check_pattern(block[i], BYTES, 1);
}

/* A child that nobody has waited for yet, and another one, and so on: as a server forks. */
static void many_children(void)
{
	pid_t child[8];

	fill_all(1);
	for (int i = 0; i < 8; i++) {
		child[i] = fork();
		if (child[i] == 0) {
			check_all(1);
			fill_pattern(block[i], BYTES, 2);
			_exit(0);
		}
	}
	for (int i = 0; i < 8; i++)
		check_exit(child[i]);
	check_all(1);
}

static void spawn_and_exec(void)
{
	char *arguments[] = {"sh", "-c", "exit 7", NULL};
	char line[32] = "";
	int status;
	pid_t child;
	FILE *pipe;

	fill_all(1);
	child = fork();
	if (child == 0) {
		execv("/bin/sh", arguments);
		_exit(1);
	}
	CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "fork and exec");
	child = vfork();
	if (child == 0) {
		execv("/bin/sh", arguments);
		_exit(1);
	}
	CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "vfork and exec");
	CHECK(posix_spawn(&child, "/bin/sh", NULL, NULL, arguments, environ) == 0, "posix_spawn");
	CHECK(waitpid(child, &status, 0) == child && WEXITSTATUS(status) == 7, "posix_spawn");
	CHECK(WEXITSTATUS(system("exit 7")) == 7, "system");
	pipe = popen("echo word", "r");
	CHECK(pipe && fgets(line, sizeof(line), pipe) && !strcmp(line, "word\n"), "popen");
	CHECK(pclose(pipe) == 0, "pclose");
	check_all(1);
}

static volatile int stop;

static void *allocate_until_stop(void *argument)
{
	uint64_t random = (uintptr_t)argument;
	void *mine[64] = {NULL};
	size_t bytes[64] = {0};

	while (!stop) {
		int i = (int)(next_random(&random) % 64);

		if (mine[i])
			check_pattern(mine[i], bytes[i], 6);
		free(mine[i]);
		bytes[i] = next_random(&random) % 100000;
		mine[i] = need(malloc(bytes[i] + 8));
		fill_pattern(mine[i], bytes[i], 6);
	}
	for (int i = 0; i < 64; i++)
		free(mine[i]);
	return NULL;
}

/* Other threads allocate and write while one forks; nothing of theirs is lost or stuck. */
static void with_threads(void)
{
	pthread_t thread[3];

	fill_all(1);
	for (uintptr_t i = 0; i < 3; i++)
		thread[i] = start_thread(allocate_until_stop, (void *)i);
	for (uint64_t turn = 0; turn < 20; turn++) {
		pid_t child = fork();

		if (child == 0) {
			check_all(1 + turn);
			fill_all(100);
			free(need(malloc(1000000)));
			check_all(100);
			_exit(0);
		}
		fill_all(2 + turn);
		check_exit(child);
		check_all(2 + turn);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(thread[i], NULL);
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} kinds[] = {
		{"both-write", both_write},
		{"child-exits", child_exits},
		{"nested", nested},
		{"grown-child", grown_child},
		{"many-children", many_children},
		{"spawn-and-exec", spawn_and_exec},
		{"with-threads", with_threads},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (count > 1 && !strcmp(arguments[1], kinds[i].name)) {
			kinds[i].run();
			return 0;
		}
	return 2;
}
