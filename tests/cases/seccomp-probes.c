/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What only looks like a sandbox is none: a probe for seccomp that fails, PR_SET_NO_NEW_PRIVS
 * alone, and what a child of vfork does to itself. Parts of huge pages are as good as small ones
 * afterwards, with another thread running.
 *
 * After a probe with a NULL pointer, which cannot succeed, the memory is as huge as before, by
 * EXPECT_HUGETLB.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "heap_share.h"

#define HUGE (2 * MEGABYTE)

static void *sleep_for_ever(void *argument)
{
	for (;;)
		pause();
	return argument;
}

static void probe(void)
{
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL, 0, 0) == -1, "a filter of nothing");
	CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) == -1, "a filter of nothing");
	heap_share_check();
	CHECK(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, 8, 0, 0) == -1, "a filter of nothing");
	CHECK(prctl(PR_SET_SECCOMP, 77, 0, 0, 0) == -1, "a mode of nothing");
	CHECK(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0x4000, 8) == -1, "flags of nothing");
}

static void confine_child_of_vfork(void)
{
	static struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	static struct sock_fprog program = {1, &allow};
	int status;
	pid_t child = vfork();

	if (child == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program, 0, 0);
		execl("/bin/true", "true", NULL);
		_exit(1);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child && !status, "status %d", status);
}

int main(void)
{
	char *at = mmap(NULL, 6 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED, "%m");
	memset(at, 1, 6 * HUGE);
	start_thread(sleep_for_ever, NULL);
	probe();
	confine_child_of_vfork();
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "%m");
	CHECK(munmap(at + HUGE + 4096, 4096) == 0, "%m");
	CHECK(mprotect(at + 3 * HUGE + 4096, 4096, PROT_READ) == 0, "%m");
	CHECK(mremap(at, 4096 + HUGE, 3 * HUGE, MREMAP_MAYMOVE) != MAP_FAILED, "%m");
	puts("no sandbox");
	return 0;
}
