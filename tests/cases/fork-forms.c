/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child has its parent's memory as on small pages, by whatever call it is made; the first
 * argument says what is tried.
 */
#include <kernel.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sys/prctl.h>
#include <ucontext.h>
#include "fork_forms.h"

static void all_forms(void)
{
	make_memory();
	for (int i = 0; i < 10; i++)
		all_forms_once();
}

/*
 * Under a filter that no function of libc has installed, and that kills for what a copy of libc's
 * text would need.
 */
static void filtered(void)
{
	static struct sock_filter filter[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_memfd_create, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(filter) / sizeof(filter[0]), filter};

	make_memory();
	CHECK(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0, "%m");
	if (cpu_system_call(SYS_prctl, PR_SET_SECCOMP, SECCOMP_MODE_FILTER, (long)&program, 0, 0,
			    0) != 0)
		SKIP("needs seccomp filters in the kernel");
	for (int i = 0; i < 3; i++)
		all_forms_once();
}

/* The thread that forks runs on a stack in the same memory. */
static void *thread_forks(void *argument)
{
	all_forms_once();
	return argument;
}

static void thread_stack(void)
{
	pthread_attr_t attributes;
	pthread_t thread;

	make_memory();
	for (int i = 0; i < 3; i++) {
		void *stack = make_stack();

		pthread_attr_init(&attributes);
		CHECK(pthread_attr_setstack(&attributes, stack, STACK_BYTES) == 0, "setstack");
		CHECK(pthread_create(&thread, &attributes, thread_forks, NULL) == 0, "thread");
		pthread_join(thread, NULL);
	}
}

static ucontext_t main_context, coroutine;

static void coroutine_forks(void)
{
	all_forms_once();
}

static void coroutine_stack(void)
{
	make_memory();
	for (int i = 0; i < 3; i++) {
		CHECK(getcontext(&coroutine) == 0, "getcontext");
		coroutine.uc_stack.ss_sp = make_stack();
		coroutine.uc_stack.ss_size = STACK_BYTES;
		coroutine.uc_link = &main_context;
		makecontext(&coroutine, coroutine_forks, 0);
		CHECK(swapcontext(&main_context, &coroutine) == 0, "swapcontext");
	}
}

/* clone() and clone3() write the child's number where the child asked for it, on a huge page. */
static pid_t *number_at;

static int check_number(void)
{
	return *number_at == (pid_t)syscall(SYS_gettid) ? 0 : 1;
}

static void child_numbers(void)
{
	struct clone3_arguments arguments = {.exit_signal = SIGCHLD, .flags = CLONE_CHILD_SETTID};
	pid_t child;

	make_memory();
	fill_pattern(memory, BYTES, seed);
	number_at = (pid_t *)(memory + 2 * HUGE);
	arguments.child_tid = (uintptr_t)number_at;
	child_work = check_number;
	for (int i = 0; i < 3; i++) {
		*number_at = 0;
		check_exit(clone(start_child, clone_stack + STACK_BYTES,
				 SIGCHLD | CLONE_CHILD_SETTID, &child_work, NULL, NULL, number_at),
			   BY_CLONE);
		CHECK(*number_at == 0, "the parent has the number %d", *number_at);
		child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
		if (child == 0)
			_exit(check_number());
		if (child != -1 || errno != ENOSYS)
			check_exit(child, BY_CALL_CLONE3);
	}
	/* What the kernel refuses has its error, and leaves nothing locked. */
	CHECK(syscall(SYS_clone3, NULL, sizeof(arguments)) == -1 &&
		      (errno == EFAULT || errno == ENOSYS),
	      "%m");
	CHECK(syscall(SYS_clone3, &arguments, 1) == -1 && (errno == EINVAL || errno == ENOSYS),
	      "%m");
	CHECK(syscall(SYS_clone, CLONE_SIGHAND, 0, 0, 0, 0) == -1 && errno == EINVAL, "%m");
	CHECK(clone(start_child, NULL, SIGCHLD, NULL) == -1 && errno == EINVAL, "%m");
	free(need(malloc(3 * BYTES)));
}

/* Threads by clone() and vfork share memory as usual. */
static volatile int shared;

static int set_shared(void *argument)
{
	shared = *(int *)argument;
	memory[0] = 9;
	return 0;
}

static void shares_memory(void)
{
	int value = 5, status;
	pid_t child;

	make_memory();
	memory[0] = 1;
	child = clone(set_shared, clone_stack + STACK_BYTES, CLONE_VM | CLONE_VFORK | SIGCHLD,
		      &value);
	CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0, "clone: %m");
	CHECK(shared == 5 && memory[0] == 9, "nothing was shared");
	memory[0] = 1;
	child = vfork();
	if (child == 0) {
		memory[0] = 8;
		_exit(0);
	}
	CHECK(child > 0 && waitpid(child, &status, 0) == child && status == 0, "vfork: %m");
	CHECK(memory[0] == 8, "vfork shared nothing");
}

int main(int count, char **arguments)
{
	static const struct kind kinds[] = {
		{"all", all_forms},
		{"filtered", filtered},
		{"thread-stack", thread_stack},
		{"coroutine-stack", coroutine_stack},
		{"child-number", child_numbers},
		{"shared", shares_memory},
	};

	return run_kind(kinds, sizeof(kinds) / sizeof(kinds[0]), count, arguments);
}
