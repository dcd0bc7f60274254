/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Programs work under administrators' restrictions. restricted KIND PROGRAM ARGUMENT…: a program
 * without a slash is found beside this one, or in PATH.
 *
 *   mdwe       no memory becomes executable that was not (PR_SET_MDWE), as systemd's
 *              MemoryDenyWriteExecute=yes has it since Linux 6.3
 *   mdwe-old   the same by a filter of mmap and mprotect, as systemd has it before
 *   container  a filter that refuses (EPERM) what Docker's default profile refuses a container
 *              without capabilities, of the calls that a library for huge pages could make
 *   service    a filter that kills for these calls, as systemd's SystemCallFilter= does where
 *              SystemCallErrorNumber= is not set
 *   no-memfd   a filter that refuses memfd_create
 *   no-trace   a filter that refuses userfaultfd and ptrace
 *   no-trace-kill  a filter that kills for them
 *
 * Exit status 77 where the kernel lacks what is needed.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "test.h"

#ifndef PR_SET_MDWE
#define PR_SET_MDWE              65
#define PR_MDWE_REFUSE_EXEC_GAIN 1
#endif

#define CALLS_MAX 32

/* Calls that Docker's default profile lets a container make only with CAP_SYS_NICE, CAP_SYS_ADMIN
 * or CAP_SYS_PTRACE, or never (userfaultfd). */
static const int refused_in_containers[] = {
	__NR_userfaultfd,      __NR_mbind,      __NR_set_mempolicy,
	__NR_get_mempolicy,    __NR_move_pages, __NR_migrate_pages,
	__NR_perf_event_open,  __NR_bpf,        __NR_mount,
	__NR_umount2,          __NR_unshare,    __NR_setns,
	__NR_process_vm_readv,
};

static void install(struct sock_filter *filter, size_t count)
{
	struct sock_fprog program = {(unsigned short)count, filter};

	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "%m");
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
		SKIP("needs seccomp filters in the kernel");
}

static void filter_calls(const int *calls, size_t count, unsigned int action)
{
	struct sock_filter filter[2 * CALLS_MAX + 2];
	size_t length = 0;

	CHECK(count <= CALLS_MAX, "too many calls");
	filter[length++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
							offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count; i++) {
		filter[length++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
								(unsigned int)calls[i], 0, 1);
		filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, action);
	}
	filter[length++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	install(filter, length);
}

/* mmap with both rights and mprotect to executable: refused. */
static void filter_executable(void)
{
	struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
#ifdef __NR_mmap2
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap2, 2, 0),
#else
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mmap, 2, 0),
#endif
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, __NR_mprotect, 4, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, PROT_WRITE | PROT_EXEC),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, PROT_WRITE | PROT_EXEC, 3, 2),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[2])),
		BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, PROT_EXEC, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
	};

	install(filter, sizeof(filter) / sizeof(filter[0]));
}

/* A restriction that restricts nothing would make a test that can't fail. Says what does not hold.
 */
static const char *check(const char *kind)
{
	if (!strncmp(kind, "mdwe", 4)) {
		void *memory = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				    -1, 0);

		CHECK(memory != MAP_FAILED, "%m");
		if (mprotect(memory, 4096, PROT_READ | PROT_EXEC) == 0)
			return "memory became executable";
		if (mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC,
			 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) != MAP_FAILED)
			return "memory is writable and executable";
		munmap(memory, 4096);
	} else if (!strcmp(kind, "container")) {
		if (syscall(SYS_userfaultfd, 1) != -1 || errno != EPERM)
			return "userfaultfd is not refused";
	} else if (!strcmp(kind, "no-memfd")) {
		if (syscall(SYS_memfd_create, "", 0) != -1 || errno != EPERM)
			return "memfd_create is not refused";
	} else if (prctl(PR_GET_SECCOMP) != SECCOMP_MODE_FILTER) {
		return "there is no filter";
	}
	return NULL;
}

static void restrict_as(const char *kind)
{
	static const int memfd[] = {__NR_memfd_create};
	static const int traces[] = {__NR_userfaultfd, __NR_ptrace};
	size_t calls = sizeof(refused_in_containers) / sizeof(refused_in_containers[0]);

	if (!strcmp(kind, "mdwe")) {
		if (prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0L, 0L, 0L) != 0)
			SKIP("needs PR_SET_MDWE (Linux 6.3)");
	} else if (!strcmp(kind, "mdwe-old")) {
		filter_executable();
	} else if (!strcmp(kind, "container")) {
		filter_calls(refused_in_containers, calls, SECCOMP_RET_ERRNO | EPERM);
	} else if (!strcmp(kind, "no-trace")) {
		filter_calls(traces, 2, SECCOMP_RET_ERRNO | EPERM);
	} else if (!strcmp(kind, "no-trace-kill")) {
		filter_calls(traces, 2, SECCOMP_RET_KILL_PROCESS);
	} else if (!strcmp(kind, "service")) {
		filter_calls(refused_in_containers, calls, SECCOMP_RET_KILL_PROCESS);
	} else if (!strcmp(kind, "no-memfd")) {
		filter_calls(memfd, 1, SECCOMP_RET_ERRNO | EPERM);
	} else {
		CHECK(0, "no such kind");
	}
}

/* Starts itself once more in between: what is checked there has come through an exec. */
int main(int count, char **arguments)
{
	char path[4096], *slash, *self = arguments[0];

	CHECK(count > 2, "KIND program arguments");
	if (strcmp(arguments[1], "check")) {
		char **again = calloc((size_t)count + 2, sizeof(*again));

		restrict_as(arguments[1]);
		CHECK(again, "no memory");
		again[0] = self;
		again[1] = (char *)"check";
		memcpy(again + 2, arguments + 1, ((size_t)count - 1) * sizeof(*again));
		execv("/proc/self/exe", again);
		CHECK(0, "%m");
	}
	CHECK(count > 3 && check(arguments[2]) == NULL, "%s", check(arguments[2]));
	/* The programs of the tests lie beside this one. */
	slash = strrchr(self, '/');
	snprintf(path, sizeof(path), "%.*s%s",
		 !strchr(arguments[3], '/') && slash ? (int)(slash + 1 - self) : 0, self,
		 arguments[3]);
	execv(path, arguments + 3);
	execvp(arguments[3], arguments + 3);
	CHECK(0, "%s: %m", arguments[3]);
	return 1;
}
