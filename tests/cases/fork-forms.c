/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A child has its parent's memory as on small pages, by whatever call it is made; the first
 * argument says what is tried.
 */
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <ucontext.h>
#include "heap_share.h"

#ifndef SYS_clone3
#define SYS_clone3 435
#endif

#define HUGE        (2 * MEGABYTE)
#define BYTES       (14 * MEGABYTE)
#define STACK_BYTES ((size_t)256 << 10)

extern pid_t _Fork(void) __attribute__((weak));

/* Linux 5.3's struct clone_args. */
struct clone3_arguments {
	uint64_t flags, pidfd, child_tid, parent_tid, exit_signal, stack, stack_size, tls;
};

enum form { BY_FORK, BY_FORK_SIMPLE, BY_CLONE, BY_CALL_FORK, BY_CALL_CLONE, BY_CALL_CLONE3, FORMS };

static int (*child_work)(void);
static char *clone_stack;

static int start_child(void *argument)
{
	CHECK(argument == &child_work, "clone's argument is %p", argument);
	return child_work();
}

/* A child that ends with what work returns. -1 with ENOSYS: there is no such call. */
static pid_t make_child(enum form form, int (*work)(void))
{
	struct clone3_arguments arguments = {.exit_signal = SIGCHLD};
	pid_t child = -1;

	errno = ENOSYS;
	child_work = work;
	switch (form) {
	case BY_FORK:
		child = fork();
		break;
	case BY_FORK_SIMPLE:
		child = _Fork ? _Fork() : -1;
		break;
	case BY_CLONE:
		return clone(start_child, clone_stack + STACK_BYTES, SIGCHLD, &child_work);
#ifdef SYS_fork
	case BY_CALL_FORK:
		child = (pid_t)syscall(SYS_fork);
		break;
#else
	case BY_CALL_FORK:
		return -1;
#endif
	case BY_CALL_CLONE:
		child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		break;
	case BY_CALL_CLONE3:
		child = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
		break;
	case FORMS:
		break;
	}
	if (child == 0)
		_exit(work());
	return child;
}

static void check_exit(pid_t child, int form)
{
	int status;

	CHECK(child > 0 && waitpid(child, &status, 0) == child, "form %d: no child", form);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0,
	      "form %d: the child ended with status %#x", form, (unsigned int)status);
}

static char *memory;
static uint64_t seed;

static int check_and_overwrite(void)
{
	check_pattern(memory, BYTES, seed);
	fill_pattern(memory, BYTES, seed + 1000);
	check_pattern(memory, BYTES, seed + 1000);
	free(need(malloc(100000)));
	return 0;
}

/* Both write all of it at once, so the pool gives neither of them a second page. */
static void all_forms_once(void)
{
	for (enum form form = BY_FORK; form < FORMS; form++) {
		pid_t child;

		fill_pattern(memory, BYTES, seed);
		child = make_child(form, check_and_overwrite);
		if (child == -1 && errno == ENOSYS)
			continue;
		fill_pattern(memory, BYTES, seed + 1);
		check_exit(child, form);
		check_pattern(memory, BYTES, seed + 1);
		seed += 2;
	}
}

static void make_memory(void)
{
	memory = need(aligned_alloc(HUGE, BYTES));
	clone_stack = need(malloc(STACK_BYTES));
}

static void all_forms(void)
{
	make_memory();
	for (int i = 0; i < 10; i++)
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
		void *stack = need(aligned_alloc(4096, STACK_BYTES));

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
		coroutine.uc_stack.ss_sp = need(malloc(STACK_BYTES));
		coroutine.uc_stack.ss_size = STACK_BYTES;
		coroutine.uc_link = &main_context;
		makecontext(&coroutine, coroutine_forks, 0);
		CHECK(swapcontext(&main_context, &coroutine) == 0, "swapcontext");
	}
}

/* What the program keeps from children is a hole in the child. */
static char *kept;

static int result_of(long result)
{
	return result == -1 ? errno : 0;
}

static int unmap_kept(void)
{
	return result_of(munmap(kept, 4 * HUGE - 4096));
}

static int replace_kept(void)
{
	char *at = mmap(kept + 4096, 8192, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);

	CHECK(at == kept + 4096, "%m");
	check_zero(at, 8192);
	memset(at, 1, 8192);
	return 0;
}

static int empty_kept(void)
{
	return result_of(madvise(kept, 4 * HUGE, MADV_DONTNEED));
}

static int protect_kept(void)
{
	return result_of(mprotect(kept + 4096, 4096, PROT_READ));
}

static int lock_kept(void)
{
	return result_of(mlock(kept + 4096, 4096));
}

static int advise_kept(void)
{
	return result_of(madvise(kept, 4096, MADV_DONTDUMP));
}

static int read_kept(void)
{
	return *(volatile char *)(kept + HUGE);
}

static int check_neighbours(void)
{
	check_pattern(kept - HUGE, HUGE, 1);
	check_pattern(kept + 4 * HUGE, HUGE, 2);
	fill_pattern(kept - HUGE, HUGE, 3);
	fill_pattern(kept + 4 * HUGE, HUGE, 3);
	return 0;
}

static void kept_from_children(void)
{
	static const struct {
		int (*work)(void);
		int result; /* an exit status, or with `signal` that */
		bool signal;
	} rows[] = {
		{unmap_kept, 0, false},      {replace_kept, 0, false},
		{empty_kept, ENOMEM, false}, {protect_kept, ENOMEM, false},
		{lock_kept, ENOMEM, false},  {advise_kept, ENOMEM, false},
		{read_kept, SIGSEGV, true},  {check_neighbours, 0, false},
	};
	char *all = need(aligned_alloc(HUGE, 6 * HUGE));

	kept = all + HUGE;
	clone_stack = need(malloc(STACK_BYTES));
	fill_pattern(kept - HUGE, HUGE, 1);
	memset(kept, 7, 4 * HUGE);
	fill_pattern(kept + 4 * HUGE, HUGE, 2);
	CHECK(madvise(kept, 4 * HUGE, MADV_DONTFORK) == 0, "%m");
	for (enum form form = BY_FORK; form < FORMS; form++)
		for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
			pid_t child = make_child(form, rows[i].work);
			int status;

			if (child == -1 && errno == ENOSYS)
				continue;
			CHECK(child > 0 && waitpid(child, &status, 0) == child, "no child");
			if (rows[i].signal)
				CHECK(WIFSIGNALED(status) && WTERMSIG(status) == rows[i].result,
				      "form %d, row %zu: status %#x", form, i,
				      (unsigned int)status);
			else
				CHECK(WIFEXITED(status) && WEXITSTATUS(status) == rows[i].result,
				      "form %d, row %zu: status %#x, not %d", form, i,
				      (unsigned int)status, rows[i].result);
		}
	for (size_t i = 0; i < 4 * HUGE; i++)
		CHECK(kept[i] == 7, "byte %zu changed in the parent", i);
}

/* Advice and rights on whole huge pages: the child has them, and the right content. */
static int rights_now, key_now = -1;

static int open_and_check(void)
{
	/* a key's rights are the thread's, and closed here */
	if (rights_now != (PROT_READ | PROT_WRITE) || key_now >= 0) {
		int end[2];

		CHECK(pipe(end) == 0, "%m");
		if (rights_now != PROT_READ)
			CHECK(write(end[1], memory, 1) == -1 && errno == EFAULT,
			      "rights %d: the child may read", rights_now);
		CHECK(mprotect(memory, BYTES, PROT_READ | PROT_WRITE) == 0, "%m");
		if (key_now >= 0)
			CHECK(pkey_mprotect(memory, BYTES, PROT_READ | PROT_WRITE, 0) == 0, "%m");
		close(end[0]);
		close(end[1]);
	}
	return check_and_overwrite();
}

static void fork_with_rights(int rights, int key)
{
	for (enum form form = BY_FORK; form < FORMS; form++) {
		pid_t child;

		fill_pattern(memory, BYTES, seed);
		rights_now = key >= 0 ? PROT_NONE : rights;
		key_now = key;
		if (key >= 0)
			CHECK(pkey_mprotect(memory, BYTES, rights, key) == 0, "%m");
		else
			CHECK(mprotect(memory, BYTES, rights) == 0, "%m");
		child = make_child(form, open_and_check);
		if (key >= 0)
			CHECK(pkey_mprotect(memory, BYTES, PROT_READ | PROT_WRITE, 0) == 0, "%m");
		else
			CHECK(mprotect(memory, BYTES, PROT_READ | PROT_WRITE) == 0, "%m");
		if (child == -1 && errno == ENOSYS)
			continue;
		check_pattern(memory, BYTES, seed);
		fill_pattern(memory, BYTES, seed + 1);
		check_exit(child, form);
		check_pattern(memory, BYTES, seed + 1);
		seed += 2;
	}
}

static void advice_and_rights(void)
{
	int key;

	make_memory();
	for (int i = 0; i < 3; i++) {
		fork_with_rights(PROT_READ, -1);
		fork_with_rights(PROT_NONE, -1);
	}
	key = pkey_alloc(0, PKEY_DISABLE_ACCESS);
	if (key >= 0) {
		fork_with_rights(PROT_READ | PROT_WRITE, key);
		pkey_free(key);
	}
	rights_now = PROT_READ | PROT_WRITE;
	key_now = -1;
	CHECK(madvise(memory, BYTES, MADV_DONTDUMP) == 0, "%m");
	for (int i = 0; i < 10; i++)
		all_forms_once();
}

/* The same for a page of 1 GiB, a mapping of its own, of which a little is in use. */
static void rights_1G(void)
{
	memory = mmap(NULL, 1024 * MEGABYTE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
		      -1, 0);
	CHECK(memory != MAP_FAILED, "%m");
	clone_stack = need(malloc(STACK_BYTES));
	for (int i = 0; i < 60; i++) {
		const int advice = i % 3 == 0 ? MADV_DONTDUMP : MADV_DODUMP;
		const int rights = i % 3 == 1 ? PROT_READ : PROT_READ | PROT_WRITE;
		pid_t child;

		fill_pattern(memory, BYTES, seed);
		CHECK(madvise(memory, 1024 * MEGABYTE, advice) == 0, "%m");
		CHECK(mprotect(memory, 1024 * MEGABYTE, rights) == 0, "%m");
		rights_now = rights;
		child = fork();
		if (child == 0)
			_exit(open_and_check());
		CHECK(mprotect(memory, 1024 * MEGABYTE, PROT_READ | PROT_WRITE) == 0, "%m");
		check_exit(child, BY_FORK);
		seed++;
	}
}

/* Threads map and unmap all the time: no child waits for what one of them held. */
static volatile int stop;

static void *map_until_stop(void *argument)
{
	while (!stop) {
		char *at = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
				-1, 0);

		CHECK(at != MAP_FAILED, "%m");
		at[0] = 1;
		munmap(at, 2 * HUGE);
	}
	return argument;
}

static int map_once(void)
{
	char *at = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	CHECK(at != MAP_FAILED, "%m");
	memset(at, 1, 2 * HUGE);
	CHECK(munmap(at, 2 * HUGE) == 0, "%m");
	return 0;
}

/* As a program does that goes around libc. */
static pid_t fork_inline(void)
{
#if defined(__x86_64__)
	long result;

	__asm__ volatile("syscall" : "=a"(result) : "a"(SYS_fork) : "rcx", "r11", "memory");
	return (pid_t)result;
#elif defined(__aarch64__)
	register long x8 __asm__("x8") = SYS_clone;
	register long x0 __asm__("x0") = SIGCHLD;
	register long x1 __asm__("x1") = 0;

	__asm__ volatile("svc #0" : "+r"(x0) : "r"(x8), "r"(x1) : "x2", "x3", "x4", "memory");
	return (pid_t)x0;
#else
	return fork();
#endif
}

static void inline_beside_threads(void)
{
	pthread_t threads[3];

	alarm(100);
	for (int i = 0; i < 3; i++)
		CHECK(pthread_create(&threads[i], NULL, map_until_stop, NULL) == 0, "thread");
	for (int turn = 0; turn < 300; turn++) {
		pid_t child = fork_inline();

		if (child == 0)
			_exit(map_once());
		check_exit(child, FORMS);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

static void beside_threads(void)
{
	pthread_t threads[3];

	alarm(120); /* a child that waits for ever ends the test */
	clone_stack = need(malloc(STACK_BYTES));
	for (int i = 0; i < 3; i++)
		CHECK(pthread_create(&threads[i], NULL, map_until_stop, NULL) == 0, "thread");
	for (int turn = 0; turn < 600; turn++) {
		enum form form = (enum form)(turn % FORMS);
		pid_t child = make_child(form, map_once);

		if (child != -1 || errno != ENOSYS)
			check_exit(child, form);
	}
	stop = 1;
	for (int i = 0; i < 3; i++)
		pthread_join(threads[i], NULL);
}

/* A signal handler forks, whatever the thread does at that moment. */
static volatile int handler_forks;
static volatile enum form handler_form;

static int check_memory(void)
{
	/* before the loop's first write, or after its last */
	for (size_t i = 8; i < BYTES / 8; i += 512)
		CHECK(((uint64_t *)memory)[i] == pattern_at(&((uint64_t *)memory)[i], seed),
		      "word %zu is wrong in the child", i);
	memset(memory, 0, BYTES);
	return 0;
}

static void on_alarm(int number)
{
	const int error = errno;
	pid_t child;

	(void)number;
	/* fork() itself may wait for malloc's lock here, which the thread holds. */
	handler_form = handler_form == BY_FORK_SIMPLE ? BY_CALL_CLONE : BY_FORK_SIMPLE;
	child = make_child(handler_form, check_memory);
	if (child > 0) {
		check_exit(child, handler_form);
		handler_forks++;
	}
	errno = error;
}

static void in_handlers(void)
{
	const struct itimerval never = {{0, 0}, {0, 0}};
	struct sigaction action = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};

	make_memory();
	fill_pattern(memory, BYTES, seed);
	CHECK(sigaction(SIGALRM, &action, NULL) == 0, "%m");
	for (int turn = 0; handler_forks < 60; turn++) {
		const struct itimerval soon = {{0, 0}, {0, 1 + turn * 7 % 60}};
		char *at;

		CHECK(setitimer(ITIMER_REAL, &soon, NULL) == 0, "%m");
		at = mmap(NULL, 2 * HUGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			  0);
		CHECK(at != MAP_FAILED, "%m");
		CHECK(mprotect(at + 4096, 4096, PROT_READ) == 0, "%m");
		CHECK(munmap(at, 2 * HUGE) == 0, "%m");
		free(need(malloc(300000)));
	}
	setitimer(ITIMER_REAL, &never, NULL);
	check_pattern(memory, BYTES, seed);
}

/* A debugger stops every child at its first instruction, and lets the parent go on. */
static void trace(pid_t program)
{
	pid_t children[FORMS];
	int count = 0, status;

	CHECK(waitpid(program, &status, 0) == program && WIFSTOPPED(status), "no stop");
	CHECK(ptrace(PTRACE_SETOPTIONS, program, NULL,
		     PTRACE_O_TRACEFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEVFORK |
			     PTRACE_O_EXITKILL) == 0,
	      "%m");
	for (int number = 0;;) {
		CHECK(ptrace(PTRACE_CONT, program, NULL, (void *)(intptr_t)number) == 0, "%m");
		CHECK(waitpid(program, &status, 0) == program, "%m");
		if (WIFEXITED(status))
			break;
		CHECK(WIFSTOPPED(status), "the parent ended with status %#x", (unsigned int)status);
		number = 0;
		if (status >> 16) {
			unsigned long child;

			CHECK(ptrace(PTRACE_GETEVENTMSG, program, NULL, &child) == 0, "%m");
			CHECK(count < FORMS, "too many children");
			children[count++] = (pid_t)child;
		} else if (WSTOPSIG(status) != SIGTRAP) {
			number = WSTOPSIG(status);
		}
	}
	CHECK(WEXITSTATUS(status) == 0, "the parent failed");
	/* The parent is gone, and has written all its memory: now the children look at theirs. */
	for (int i = 0; i < count; i++) {
		CHECK(waitpid(children[i], &status, __WALL) == children[i] && WIFSTOPPED(status),
		      "child %d is not stopped", i);
		CHECK(ptrace(PTRACE_CONT, children[i], NULL, NULL) == 0, "%m");
		CHECK(waitpid(children[i], &status, __WALL) == children[i] && WIFEXITED(status) &&
			      WEXITSTATUS(status) == 0,
		      "child %d: status %#x", i, (unsigned int)status);
	}
	CHECK(count >= 3, "%d children", count);
}

static void stopped_children(void)
{
	pid_t program;

	alarm(60); /* a parent that waits for its child ends the test */
	program = fork();
	if (program) {
		CHECK(program > 0, "%m");
		trace(program);
		return;
	}
	make_memory();
	if (ptrace(PTRACE_TRACEME, 0, NULL, NULL))
		_exit(77);
	raise(SIGSTOP);
	for (enum form form = BY_FORK; form < FORMS; form++) {
		pid_t child;

		fill_pattern(memory, BYTES, seed);
		child = make_child(form, check_and_overwrite);
		CHECK(child > 0 || errno == ENOSYS, "form %d: %m", form);
		fill_pattern(memory, BYTES, seed + 1);
		check_pattern(memory, BYTES, seed + 1);
		seed += 2;
	}
	_exit(0);
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

/* Threads by clone() and vfork share memory as ever. */
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

/*
 * A program that forks often: what little it has leaves huge pages, and so does its next growth,
 * but a heap that becomes big is on huge pages again. With EXPECT_OFTEN these are hugetlb pages.
 */
static struct heap_share fork_and_measure(int forks)
{
	for (int i = 0; i < forks; i++) {
		pid_t child;

		fill_pattern(memory, 6 * MEGABYTE, seed);
		child = fork();
		if (child == 0) {
			check_pattern(memory, 6 * MEGABYTE, seed);
			fill_pattern(memory, 6 * MEGABYTE, 0);
			_exit(0);
		}
		check_pattern(memory, 6 * MEGABYTE, seed++);
		check_exit(child, BY_FORK);
	}
	return heap_share_of("/proc/self/smaps");
}

static void grow(size_t bytes)
{
	for (size_t done = 0; done < bytes; done += 60000)
		memset(need(malloc(60000)), 1, 60000);
}

static void often(void)
{
	const bool expected = getenv("EXPECT_OFTEN") != NULL;
	struct heap_share share;

	memory = need(malloc(6 * MEGABYTE));
	share = fork_and_measure(3);
	CHECK(!expected || share.hugetlb_kb >= 6 << 10, "%lu kB before", share.hugetlb_kb);
	share = fork_and_measure(3);
	CHECK(!expected || share.hugetlb_kb == 0, "%lu kB after", share.hugetlb_kb);
	grow(40 * MEGABYTE);
	share = fork_and_measure(1);
	CHECK(!expected || share.hugetlb_kb == 0, "%lu kB after growth", share.hugetlb_kb);
	grow(200 * MEGABYTE);
	share = fork_and_measure(1);
	CHECK(!expected || share.hugetlb_kb >= 150 << 10, "%lu kB of 200 MB", share.hugetlb_kb);
}

/*
 * A fork handler that is older than the library's (of a library that is linked, say) finds all
 * memory in the child, and what it writes stays.
 */
static bool early_is_tried;

static void early_child_handler(void)
{
	if (!early_is_tried)
		return;
	check_pattern(memory, BYTES, seed);
	fill_pattern(memory, BYTES, seed + 7);
	free(need(malloc(100000)));
}

static void register_early(void)
{
	pthread_atfork(NULL, NULL, early_child_handler);
}

__attribute__((section(".preinit_array"), used)) static void (*const early)(void) = register_early;

static int check_early(void)
{
	check_pattern(memory, BYTES, seed + 7);
	fill_pattern(memory, BYTES, seed + 9);
	return 0;
}

static void early_handler(void)
{
	make_memory();
	early_is_tried = true;
	for (int i = 0; i < 20; i++) {
		pid_t child;

		fill_pattern(memory, BYTES, seed);
		child = make_child(BY_FORK, check_early);
		fill_pattern(memory, BYTES, seed + 1);
		check_exit(child, BY_FORK);
		check_pattern(memory, BYTES, seed + 1);
		seed += 2;
	}
}

int main(int count, char **arguments)
{
	static const struct {
		const char *name;
		void (*run)(void);
	} kinds[] = {
		{"all", all_forms},
		{"thread-stack", thread_stack},
		{"coroutine-stack", coroutine_stack},
		{"kept", kept_from_children},
		{"rights", advice_and_rights},
		{"rights-1G", rights_1G},
		{"beside-threads", beside_threads},
		{"inline-beside-threads", inline_beside_threads},
		{"in-handlers", in_handlers},
		{"stopped", stopped_children},
		{"child-number", child_numbers},
		{"shared", shares_memory},
		{"often", often},
		{"early-handler", early_handler},
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (count > 1 && !strcmp(arguments[1], kinds[i].name)) {
			kinds[i].run();
			return 0;
		}
	return 2;
}
