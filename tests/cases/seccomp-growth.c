/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A program under a seccomp filter made for malloc grows its heap to 100M. main, or ("thread") in
 * a thread, or ("large") by a block too big for an arena. Another process inspects its pages
 * meanwhile, as it may not open files itself any more. Before glibc 2.32 what is expected on
 * hugetlb pages (EXPECT_HUGETLB) must be on transparent ones: see HOWTO on sandboxes.
 */
#include <dlfcn.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "heap_share.h"

#define ALLOW(number)                                        \
	BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (number), 0, 1), \
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)

static const char *kind = "";
static volatile int *verdict; /* shared with the process that looks: 0 none yet, 1 good, 2 bad */
static int ready[2];

static void lock_in(void)
{
	static struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		ALLOW(__NR_brk),
#ifdef __NR_mmap
		ALLOW(__NR_mmap),
#endif
#ifdef __NR_mmap2
		ALLOW(__NR_mmap2),
#endif
		ALLOW(__NR_munmap),
		ALLOW(__NR_mremap),
		ALLOW(__NR_mprotect),
		ALLOW(__NR_madvise),
		ALLOW(__NR_futex),
		ALLOW(__NR_write),
		ALLOW(__NR_rt_sigreturn),
		ALLOW(__NR_exit),
		ALLOW(__NR_exit_group),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "%m");
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		SKIP("needs seccomp filters in the kernel");
}

static void wait_for_verdict(void)
{
	CHECK(write(ready[1], "x", 1) == 1, "pipe");
	while (*verdict == 0)
		syscall(SYS_futex, verdict, FUTEX_WAIT, 0, NULL, NULL, 0);
	CHECK(*verdict == 1, "too little on huge pages");
}

static void *grow(void *unused)
{
	static void *block[1600];

	(void)unused;
	/* The first time that a thread's heap shrinks, libc reads a file: before the lock, then. */
	for (int i = 0; i < 100; i++)
		block[i] = need(malloc(65536));
	for (int i = 0; i < 100; i++)
		free(block[i]);
	lock_in();
	if (!strcmp(kind, "large")) {
		char *large = need(malloc(100 * MEGABYTE));

		fill_offsets(large, 0, 100 * MEGABYTE);
		large = need(realloc(large, 150 * MEGABYTE));
		fill_offsets(large, 100 * MEGABYTE, 150 * MEGABYTE);
		wait_for_verdict();
		check_offsets(large, 150 * MEGABYTE);
		free(large);
	}
	for (int i = 0; i < 1600; i++) {
		block[i] = need(malloc(65536));
		fill_pattern(block[i], 65536, 1);
	}
	if (strcmp(kind, "large"))
		wait_for_verdict();
	for (int i = 0; i < 1600; i++) {
		check_pattern(block[i], 65536, 1);
		free(block[i]);
	}
	/* A locked-in thread could not end without further calls of libc: the process ends here. */
	exit(0);
}

static void look_at(pid_t process)
{
	char path[64], byte;
	pid_t looker = fork();
	int status;

	if (looker != 0) {
		CHECK(looker > 0, "fork");
		close(ready[0]);
		return;
	}
	close(ready[1]);
	if (read(ready[0], &byte, 1) != 1)
		_exit(1);
	looker = fork();
	if (looker == 0) {
		snprintf(path, sizeof(path), "/proc/%d/smaps", process);
		heap_share_check_of(path);
		_exit(0);
	}
	waitpid(looker, &status, 0);
	*verdict = status == 0 ? 1 : 2;
	syscall(SYS_futex, verdict, FUTEX_WAKE, 1, NULL, NULL, 0);
	_exit(0);
}

static void expect_what_libc_allows(void)
{
	const char *hugetlb = getenv("EXPECT_HUGETLB");

	if (!hugetlb || dlsym(RTLD_DEFAULT, "__libc_single_threaded"))
		return;
	/* as the rows on transparent pages: the kernel may not find all of them */
	setenv("EXPECT_THP", atof(hugetlb) < 0.9 ? hugetlb : "0.9", 1);
	unsetenv("EXPECT_HUGETLB");
}

int main(int count, char **arguments)
{
	if (count > 1)
		kind = arguments[1];
	expect_what_libc_allows();
	verdict = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(verdict != MAP_FAILED && pipe(ready) == 0, "%m");
	look_at(getpid());
	if (!strcmp(kind, "thread"))
		pthread_join(start_thread(grow, NULL), NULL);
	else
		grow(NULL);
	return 1;
}
