/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * torture-threads [seed [steps [remote]]]: one thread makes random calls on 4K parts of malloced or
 * mapped memory (rights, advice, unmapping, mapping over it, locks), in between it forks, jumps out
 * of its calls from a signal handler, and opens protected memory in a SIGSEGV handler. Meanwhile
 * three threads write bytes, their signal handlers write others, read(2) and io_uring's kin write
 * for them, coroutines run on stacks in the same huge pages, and, with "remote", another process
 * writes by process_vm_writev. All memory is compared with a shadow, byte by byte.
 *
 * STEPS in the environment is asked before the arguments. TORTURE_MAPPED: memory comes from mmap.
 */
#include <setjmp.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <ucontext.h>
#include "torture_shadow.h"

#define STEPS_IN_ROUND 150
#define CHECK_EVERY    64

static unsigned long steps = 10000, seed = 1;
static pthread_barrier_t begin_round, end_round;
static volatile int in_round, finished;
static __thread int self;
static __thread uint64_t signal_random;
static int pipe_ends[2];

/* Rounds begin for all actors at once. False: there are no more. */
static bool wait_for_round(void)
{
	pthread_barrier_wait(&begin_round);
	return !finished;
}

static void be_part_of_rounds(void (*act)(uint64_t *random), uint64_t random)
{
	while (wait_for_round()) {
		while (in_round)
			act(&random);
		pthread_barrier_wait(&end_round);
	}
}

/* The writers. */

static void write_some(uint64_t *random)
{
	for (int i = 0; i < CHECK_EVERY; i++)
		write_byte(some_part(self, random), next_random(random) % BASE,
			   (char)next_random(random));
	check_part(some_part(self, random), "a thread");
}

static void on_usr1(int number)
{
	(void)number;
	if (in_round)
		write_byte(some_part(ACTOR_SIGNAL + self, &signal_random),
			   next_random(&signal_random) % BASE, (char)next_random(&signal_random));
}

static void *writer(void *argument)
{
	sigset_t mine;

	self = (int)(uintptr_t)argument;
	signal_random = seed * 7 + (uint64_t)self;
	sigemptyset(&mine);
	sigaddset(&mine, SIGUSR1);
	pthread_sigmask(SIG_UNBLOCK, &mine, NULL);
	be_part_of_rounds(write_some, seed + (uint64_t)self);
	return NULL;
}

/* The kernel writes what a thread reads. */

static void read_some(uint64_t *random)
{
	const size_t part = some_part(ACTOR_READER, random), at = next_random(random) % (BASE - 64);

	for (int i = 0; i < 64; i++)
		shadow_of(part)[at + (size_t)i] = (char)next_random(random);
	CHECK(write(pipe_ends[1], shadow_of(part) + at, 64) == 64, "%m");
	CHECK(read(pipe_ends[0], memory_of(part) + at, 64) == 64, "read: %m");
	check_part(part, "read(2)");
}

static void *reader(void *unused)
{
	be_part_of_rounds(read_some, seed + 50);
	return unused;
}

/* Coroutines, one on a stack in each huge page; each protects and opens its own guard page. */

static ucontext_t scheduler, coroutine[PAGES];

static void run_coroutine(int page)
{
	char *guard = shared->memory + (size_t)page * HUGE;
	volatile unsigned int local[64];
	unsigned int turns = 0;

	for (;; turns++) {
		for (unsigned int i = 0; i < 64; i++)
			local[i] = turns * 31 + i;
		if (turns % 8 == 3)
			CHECK(mprotect(guard, BASE, PROT_NONE) == 0, "guard: %m");
		if (turns % 8 == 7)
			CHECK(mprotect(guard, BASE, PROT_READ | PROT_WRITE) == 0, "guard: %m");
		swapcontext(&coroutine[page], &scheduler);
		for (unsigned int i = 0; i < 64; i++)
			CHECK(local[i] == turns * 31 + i, "the stack of coroutine %d", page);
	}
}

static void make_coroutine(int page)
{
	ucontext_t *made = &coroutine[page];

	getcontext(made);
	made->uc_stack.ss_sp = shared->memory + (size_t)page * HUGE + BASE;
	made->uc_stack.ss_size = (STACK_PARTS - 1) * BASE;
	made->uc_link = NULL;
	makecontext(made, (void (*)(void))run_coroutine, 1, page);
}

static void switch_some(uint64_t *random)
{
	swapcontext(&scheduler, &coroutine[next_random(random) % PAGES]);
}

static void *run_coroutines(void *unused)
{
	static uint64_t random;

	random = seed + 60;
	while (wait_for_round()) {
		for (int i = 0; i < PAGES; i++)
			make_coroutine(i);
		while (in_round)
			switch_some(&random);
		pthread_barrier_wait(&end_round);
	}
	return unused;
}

static pthread_t writers[WRITERS];

static void *send_signals(void *unused)
{
	while (wait_for_round()) {
		for (int i = 0; in_round; i++) {
			pthread_kill(writers[i % WRITERS], SIGUSR1);
			usleep(50);
		}
		pthread_barrier_wait(&end_round);
	}
	return unused;
}

/* Another process. */

static void write_remotely(pid_t parent)
{
	uint64_t random = seed + 70;
	int round;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while ((round = shared->round) >= 0) {
		shared->remote = round;
		while (shared->round == round && round % 2) {
			const size_t part = some_part(ACTOR_REMOTE, &random);
			const size_t at = next_random(&random) % BASE;
			struct iovec from = {shadow_of(part) + at, 1};
			struct iovec to = {memory_of(part) + at, 1};

			shadow_of(part)[at] = (char)next_random(&random);
			CHECK(process_vm_writev(parent, &from, 1, &to, 1, 0) == 1, "%m");
		}
		usleep(20);
	}
	_exit(0);
}

static void set_remote_round(int round)
{
	shared->round = round;
	while (shared->remote != round)
		usleep(20);
}

/* The thread that makes the calls. */

static uint64_t caller_random, alarm_random;
static sigjmp_buf out_of_call;
static volatile sig_atomic_t may_jump;
static char *volatile opened_at;

static void on_alarm(int number)
{
	(void)number;
	if (in_round)
		write_byte(some_part(ACTOR_ALARM, &alarm_random), next_random(&alarm_random) % BASE,
			   (char)next_random(&alarm_random));
	if (may_jump && next_random(&alarm_random) % 4 == 0) {
		may_jump = 0;
		siglongjmp(out_of_call, 1);
	}
}

static void on_fault(int number, siginfo_t *info, void *context)
{
	char *page = (char *)((uintptr_t)info->si_addr & ~(BASE - 1));

	(void)number, (void)context;
	if (page != opened_at || mprotect(page, BASE, PROT_READ | PROT_WRITE))
		_exit(97);
	opened_at = NULL;
}

static void write_caller_part(size_t part)
{
	for (int i = 0; i < 8; i++)
		write_byte(part, next_random(&caller_random) % BASE,
			   (char)next_random(&caller_random));
}

/* A call that may be made twice, from which a handler may jump out. */
static void call_until_done(int (*call)(char *at), char *at)
{
	sigsetjmp(out_of_call, 1);
	may_jump = 1;
	CHECK(call(at) == 0, "%m");
	may_jump = 0;
}

static int protect(char *at)
{
	return mprotect(at, BASE, PROT_READ);
}

static int open_again(char *at)
{
	return mprotect(at, BASE, PROT_READ | PROT_WRITE);
}

static int empty(char *at)
{
	return madvise(at, BASE, MADV_DONTNEED);
}

static int do_not_dump(char *at)
{
	return madvise(at, BASE, MADV_DONTDUMP);
}

static int map_over(char *at)
{
	return mmap(at, BASE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1,
		    0) != at;
}

static void unmap_and_map(char *at)
{
	CHECK(munmap(at, BASE) == 0, "%m");
	CHECK(mmap(at, BASE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0) == at,
	      "a hole that is not free: %m");
}

static void check_in_child(void)
{
	int status;
	pid_t child;
	sigset_t alarms, before;

	/* a timer is not inherited, and its handler would write to the parent's shadow */
	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	pthread_sigmask(SIG_BLOCK, &alarms, &before);
	child = fork();
	CHECK(child >= 0, "%m");
	if (!child) {
		for (size_t part = 0; part < PARTS; part++)
			if (actor_of(part) == ACTOR_CALLER || actor_of(part) == ACTOR_ALARM)
				check_part(part, "a child");
		_exit(0);
	}
	CHECK(waitpid(child, &status, 0) == child && status == 0, "a child: status 0x%x", status);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void one_step(unsigned long step)
{
	const size_t part = some_part(ACTOR_CALLER, &caller_random);
	char *at = memory_of(part);

	switch (next_random(&caller_random) % 8) {
	case 0:
	case 1:
		call_until_done(protect, at);
		check_part(part, "protected");
		call_until_done(open_again, at);
		break;
	case 2:
		call_until_done(protect, at);
		opened_at = at;
		write_caller_part(part);
		CHECK(!opened_at, "no fault");
		break;
	case 3:
		call_until_done(empty, at);
		memset(shadow_of(part), 0, BASE);
		break;
	case 4:
		call_until_done(do_not_dump, at);
		break;
	case 5:
		call_until_done(map_over, at);
		memset(shadow_of(part), 0, BASE);
		break;
	case 6:
		unmap_and_map(at);
		memset(shadow_of(part), 0, BASE);
		break;
	default:
		if (step % 50 == 7)
			check_in_child();
	}
	check_part(part, "the caller");
	write_caller_part(part);
}

static char *get_memory(char **block)
{
	if (getenv("TORTURE_MAPPED"))
		*block = mmap(NULL, BYTES + HUGE, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	else
		*block = malloc(BYTES + HUGE);
	CHECK(*block && *block != MAP_FAILED, "%m");
	return *block + (-(uintptr_t)*block & (HUGE - 1));
}

static void give_memory(char *block)
{
	/* guard pages of coroutines */
	CHECK(mprotect(shared->memory, BYTES, PROT_READ | PROT_WRITE) == 0, "%m");
	if (getenv("TORTURE_MAPPED"))
		munmap(block, BYTES + HUGE);
	else
		free(block);
}

static void set_timer(long microseconds)
{
	const struct itimerval timer = {{0, microseconds}, {0, microseconds}};

	CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0, "%m");
}

static void run_round(unsigned long *step, bool remote, int number)
{
	char *block;

	shared->memory = get_memory(&block);
	memset(shared->memory, number, BYTES);
	memset(shared->shadow, number, BYTES);
	in_round = 1;
	pthread_barrier_wait(&begin_round);
	if (remote)
		set_remote_round(2 * number + 1);
	set_timer(150);
	for (int i = 0; i < STEPS_IN_ROUND && *step < steps; i++)
		one_step((*step)++);
	set_timer(0);
	if (remote)
		set_remote_round(2 * number + 2);
	in_round = 0;
	pthread_barrier_wait(&end_round);
	for (size_t part = 0; part < PARTS; part++)
		if (actor_of(part) >= 0)
			check_part(part, "after the round");
	give_memory(block);
}

static void start_actors(pthread_t others[3])
{
	sigset_t all;

	sigfillset(&all);
	sigdelset(&all, SIGSEGV);
	pthread_sigmask(SIG_BLOCK, &all, NULL);
	for (uintptr_t i = 0; i < WRITERS; i++)
		writers[i] = start_thread(writer, (void *)i);
	others[0] = start_thread(reader, NULL);
	others[1] = start_thread(run_coroutines, NULL);
	others[2] = start_thread(send_signals, NULL);
	sigemptyset(&all);
	sigaddset(&all, SIGALRM);
	pthread_sigmask(SIG_UNBLOCK, &all, NULL);
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	sigaction(number, &action, NULL);
}

int main(int count, char **arguments)
{
	const bool remote = count > 3 && !strcmp(arguments[3], "remote");
	struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	pthread_t others[3];
	unsigned long step = 0;
	pid_t parent = getpid(), child = 0;

	if (count > 1)
		seed = strtoul(arguments[1], NULL, 0);
	if (count > 2)
		steps = strtoul(arguments[2], NULL, 0);
	if (getenv("STEPS"))
		steps = strtoul(getenv("STEPS"), NULL, 0);
	caller_random = seed + 80;
	alarm_random = seed + 90;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED && pipe(pipe_ends) == 0, "%m");
	if (remote && !(child = fork()))
		write_remotely(parent);
	handle(SIGUSR1, on_usr1);
	handle(SIGALRM, on_alarm);
	sigaction(SIGSEGV, &fault, NULL);
	pthread_barrier_init(&begin_round, NULL, WRITERS + 4);
	pthread_barrier_init(&end_round, NULL, WRITERS + 4);
	start_actors(others);
	for (int number = 0; step < steps; number++)
		run_round(&step, remote, number & 0xfff);
	finished = 1;
	pthread_barrier_wait(&begin_round);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(others[i], NULL);
	shared->round = -1;
	if (child)
		waitpid(child, NULL, 0);
	printf("seed %lu, %lu steps: all bytes are right\n", seed, steps);
	return 0;
}
