/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * torture-threads [seed [steps [remote|alone|refused ...]]]: random calls on 4K parts of malloced
 * or mapped memory (rights, advice, unmapping, mapping over it, moving, locks) change no byte that
 * they should not. The thread that makes them forks in every way in between, jumps out of them from
 * a signal handler that forks as well, opens protected memory in a SIGSEGV handler, and has reads
 * of io_uring on their way. Meanwhile three threads write bytes, their signal handlers write
 * others, read(2) and process_vm_writev write for them, and coroutines run, and fork, on stacks in
 * the same huge pages. All memory is compared with a shadow, byte by byte.
 *
 * "remote": another process writes by process_vm_writev. "alone": one thread does everything.
 * "refused": calls may fail with ENOMEM, and then have changed nothing.
 *
 * Each round of steps is a process of its own, which begins with new memory: a page that was split
 * stays so. EXPECT_HUGE_KB: at least this much is on huge pages then. "round": this process is one.
 *
 * TORTURE_SEED and TORTURE_STEPS in the environment are asked before the arguments;
 * TORTURE_SECONDS: so long instead. TORTURE_MAPPED: memory comes from mmap.
 */
#include <limits.h>
#include <setjmp.h>
#include <spawn.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <ucontext.h>
#include "torture_forks.h"
#include "torture_partial.h"
#include "torture_ring.h"

#define STEPS_IN_ROUND 50
#define CHECK_EVERY    64
#define SEED_STEP      1000003

/* A process that forks more often leaves its huge pages (src/calls/fork_often.c). */
#define FORKS_ON_HUGE 3

static unsigned long steps = 10000, seed = 1;
static time_t end_time;
static bool with_remote, alone, is_round;
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

/* The kernel writes what a thread reads, or what it writes to its own process. */

static void write_to_self(uint64_t *random)
{
	const size_t part = some_part(ACTOR_SELF, random), at = next_random(random) % (BASE - 64);
	const struct iovec from = {shadow_of(part) + at, 64}, to = {memory_of(part) + at, 64};

	for (int i = 0; i < 64; i++)
		shadow_of(part)[at + (size_t)i] = (char)next_random(random);
	CHECK(process_vm_writev(getpid(), &from, 1, &to, 1, 0) == 64, "process_vm_writev: %m");
	check_part(part, "process_vm_writev");
}

static void read_some(uint64_t *random)
{
	const size_t part = some_part(ACTOR_READER, random), at = next_random(random) % (BASE - 64);

	for (int i = 0; i < 64; i++)
		shadow_of(part)[at + (size_t)i] = (char)next_random(random);
	CHECK(write(pipe_ends[1], shadow_of(part) + at, 64) == 64, "%m");
	CHECK(read(pipe_ends[0], memory_of(part) + at, 64) == 64, "read: %m");
	check_part(part, "read(2)");
}

static void let_kernel_write(uint64_t *random)
{
	read_some(random);
	write_to_self(random);
}

static void *reader(void *unused)
{
	be_part_of_rounds(let_kernel_write, seed + 50);
	return unused;
}

/* Coroutines, one on a stack in each huge page; each protects and opens its own guard page. */

static ucontext_t scheduler, coroutine[PAGES];
static uint64_t coroutine_random;
static char coroutine_child_stack[CHILD_STACK_BYTES];

#define LOCALS            64
#define TURNS_UNTIL_CHILD 5000

static void check_locals(const void *argument)
{
	const volatile unsigned int *local = argument;

	for (unsigned int i = 1; i < LOCALS; i++)
		CHECK(local[i] == local[0] + i, "the stack of a coroutine, in a child");
}

static void fork_on_stack(const volatile unsigned int *local)
{
	sigset_t alarms, before;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigaddset(&alarms, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &alarms, &before);
	run_in_child(&coroutine_random, check_locals, (const void *)local, coroutine_child_stack);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void run_coroutine(int page)
{
	char *guard = shared->memory + (size_t)page * HUGE;
	volatile unsigned int local[LOCALS];

	for (unsigned int turns = 0;; turns++) {
		for (unsigned int i = 0; i < LOCALS; i++)
			local[i] = turns * 31 + i;
		if (turns % 8 == 3)
			succeeds(mprotect(guard, BASE, PROT_NONE));
		if (turns % 8 == 7)
			succeeds(mprotect(guard, BASE, PROT_READ | PROT_WRITE));
		if (next_random(&coroutine_random) % TURNS_UNTIL_CHILD == 0)
			fork_on_stack(local);
		swapcontext(&coroutine[page], &scheduler);
		for (unsigned int i = 0; i < LOCALS; i++)
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

static void make_coroutines(void)
{
	for (int i = 0; i < PAGES; i++)
		make_coroutine(i);
}

static void switch_some(uint64_t *random)
{
	swapcontext(&scheduler, &coroutine[next_random(random) % PAGES]);
}

static void *run_coroutines(void *unused)
{
	while (wait_for_round()) {
		make_coroutines();
		while (in_round)
			switch_some(&coroutine_random);
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
static volatile size_t current_part; /* of the call that is being made */
static char caller_child_stack[CHILD_STACK_BYTES], alarm_child_stack[CHILD_STACK_BYTES];

#define ALARMS_UNTIL_CHILD 400

static void on_alarm(int number)
{
	static const int actor = ACTOR_ALARM;
	const int error = errno;

	(void)number;
	if (in_round)
		write_byte(part_near(ACTOR_ALARM, current_part, &alarm_random),
			   next_random(&alarm_random) % BASE, (char)next_random(&alarm_random));
	if (in_round && next_random(&alarm_random) % ALARMS_UNTIL_CHILD == 0)
		run_in_child(&alarm_random, check_actor_in_child, &actor, alarm_child_stack);
	errno = error;
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

/* A call that may be made twice, from which a handler may jump out. False: it was refused. */
static bool call_until_done_as(int (*call)(char *at), char *at, const char *name)
{
	bool done;

	sigsetjmp(out_of_call, 1);
	may_jump = 1;
	done = succeeds_as(call(at), name);
	may_jump = 0;
	return done;
}

#define call_until_done(call, at) call_until_done_as(call, at, #call)

/* A timer is not inherited, and its handler would write to the parent's shadow. */
static void run_in_quiet_child(void (*run)(const void *argument), const void *argument)
{
	sigset_t alarms, before;

	sigemptyset(&alarms);
	sigaddset(&alarms, SIGALRM);
	sigaddset(&alarms, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &alarms, &before);
	run_in_child(&caller_random, run, argument, caller_child_stack);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
}

static void check_in_child(void)
{
	static const int alarm = ACTOR_ALARM, caller = ACTOR_CALLER;

	run_in_quiet_child(check_actor_in_child,
			   next_random(&caller_random) % 2 ? &alarm : &caller);
}

/* What a child does not have, or has empty. */
static void check_kept_from_child(char *at)
{
	if (next_random(&caller_random) % 2) {
		if (succeeds(madvise(at, BASE, MADV_DONTFORK))) {
			run_in_quiet_child(check_hole, at);
			CHECK(madvise(at, BASE, MADV_DOFORK) == 0, "%m");
		}
	} else if (succeeds(madvise(at, BASE, MADV_WIPEONFORK))) {
		run_in_quiet_child(check_zeroes, at);
		CHECK(madvise(at, BASE, MADV_KEEPONFORK) == 0, "%m");
	}
}

static void protect_and_write(size_t part, char *at)
{
	if (!call_until_done(protect, at))
		return;
	opened_at = at;
	write_caller_part(part);
	CHECK(!opened_at, "no fault");
}

static void one_call(size_t part)
{
	char *at = memory_of(part);

	switch (next_random(&caller_random) % 11) {
	case 0:
	case 1:
		if (call_until_done(protect, at)) {
			check_part(part, "protected");
			call_until_done(open_again, at);
		}
		break;
	case 2:
		protect_and_write(part, at);
		break;
	case 3:
		if (call_until_done(empty, at))
			memset(shadow_of(part), 0, BASE);
		break;
	case 4:
		call_until_done(do_not_dump, at);
		break;
	case 5:
		if (call_until_done(map_over, at))
			memset(shadow_of(part), 0, BASE);
		break;
	case 6:
		if (unmap_and_map(at))
			memset(shadow_of(part), 0, BASE);
		break;
	case 7:
		move_there_and_back(at);
		break;
	case 8:
		call_until_done(lock_and_unlock, at);
		break;
	case 9:
		write_in_vfork_child(part, next_random(&caller_random) % BASE,
				     (char)next_random(&caller_random));
		break;
	default:
		if (next_random(&caller_random) % 32 == 7)
			check_in_child();
		else if (next_random(&caller_random) % 32 == 7)
			check_kept_from_child(at);
	}
}

/* In one thread, what the others would do. */
static void act_alone(void)
{
	self = (int)(next_random(&caller_random) % WRITERS);
	write_some(&caller_random);
	let_kernel_write(&caller_random);
	switch_some(&coroutine_random);
	raise(SIGUSR1);
}

static void one_step(void)
{
	const size_t part = some_part(ACTOR_CALLER, &caller_random);

	current_part = part;
	begin_ring_read(part, &caller_random);
	one_call(part);
	check_part(part, "the caller");
	write_caller_part(part);
	if (alone)
		act_alone();
	if (next_random(&caller_random) % 4)
		end_ring_read();
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
	succeeds(mprotect(shared->memory, BYTES, PROT_READ | PROT_WRITE));
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

/* All actors at once. */
static void begin_acting(int number)
{
	in_round = 1;
	if (alone)
		make_coroutines();
	else
		pthread_barrier_wait(&begin_round);
	if (with_remote)
		set_remote_round(2 * number + 1);
	set_timer(150);
}

static void end_acting(int number)
{
	set_timer(0);
	if (with_remote)
		set_remote_round(2 * number + 2);
	in_round = 0;
	if (!alone)
		pthread_barrier_wait(&end_round);
}

static void expect_huge(void)
{
	const struct heap_share share = heap_share_of("/proc/self/smaps");
	const char *least = getenv("EXPECT_HUGE_KB");

	CHECK(!least || share.hugetlb_kb + share.thp_kb >= strtoul(least, NULL, 0),
	      "a round begins with %lu kB on hugetlb pages, %lu kB on transparent ones",
	      share.hugetlb_kb, share.thp_kb);
}

static void run_round(void)
{
	const int number = (int)(seed / SEED_STEP & 0xfff);
	char *block;

	forks_left = number % 4 ? FORKS_ON_HUGE : INT_MAX;
	shared->memory = get_memory(&block);
	memset(shared->memory, number, BYTES);
	memset(shared->shadow, number, BYTES);
	expect_huge();
	begin_acting(number);
	for (unsigned long step = 0; step < steps; step++)
		one_step();
	end_ring_read();
	end_acting(number);
	for (size_t part = 0; part < PARTS; part++)
		if (actor_of(part) >= 0)
			check_part(part, "after the round");
	give_memory(block);
}

static pthread_t others[3];

static void start_actors(void)
{
	sigset_t all;

	pthread_barrier_init(&begin_round, NULL, WRITERS + 4);
	pthread_barrier_init(&end_round, NULL, WRITERS + 4);
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

static void end_actors(void)
{
	finished = 1;
	pthread_barrier_wait(&begin_round);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(writers[i], NULL);
	for (int i = 0; i < 3; i++)
		pthread_join(others[i], NULL);
}

static void handle(int number, void (*handler)(int))
{
	struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

	sigaction(number, &action, NULL);
}

static unsigned long number(const char *variable, const char *argument, unsigned long otherwise)
{
	const char *text = getenv(variable);

	if (!text || !*text)
		text = argument;
	return text ? strtoul(text, NULL, 0) : otherwise;
}

static void read_arguments(int count, char **arguments)
{
	const unsigned long seconds = number("TORTURE_SECONDS", NULL, 0);

	seed = number("TORTURE_SEED", count > 1 ? arguments[1] : NULL, seed);
	steps = number("TORTURE_STEPS", count > 2 ? arguments[2] : NULL, steps);
	for (int i = 3; i < count; i++) {
		with_remote |= !strcmp(arguments[i], "remote");
		alone |= !strcmp(arguments[i], "alone");
		may_be_refused |= !strcmp(arguments[i], "refused");
		is_round |= !strcmp(arguments[i], "round");
	}
	if (seconds)
		end_time = time(NULL) + (time_t)seconds;
	caller_random = seed + 80;
	alarm_random = seed + 90;
	coroutine_random = seed + 60;
	signal_random = seed + 7;
}

static int act_in_round(void)
{
	struct sigaction fault = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
	const pid_t parent = getpid();
	const char *missing;
	pid_t child = 0;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED && pipe(pipe_ends) == 0, "%m");
	missing = make_ring();
	if (with_remote && !(child = fork()))
		write_remotely(parent);
	handle(SIGUSR1, on_usr1);
	handle(SIGALRM, on_alarm);
	sigaction(SIGSEGV, &fault, NULL);
	if (!alone)
		start_actors();
	run_round();
	if (!alone)
		end_actors();
	shared->round = -1;
	if (child)
		waitpid(child, NULL, 0);
	end_ring();
	if (missing)
		printf("not tried: %s\n", missing);
	return 0;
}

/* The rounds one after the other. Only the first one prints what it cannot try. */
static void spawn_rounds(const char *program, char **words)
{
	char seed_text[24], steps_text[24], *arguments[16] = {NULL, seed_text, steps_text, "round"};
	unsigned long done = 0, round_seed = seed;
	posix_spawn_file_actions_t quiet;
	pid_t child;
	int status;

	arguments[0] = (char *)(uintptr_t)program;
	for (int i = 4; i < 15 && *words; i++)
		arguments[i] = *words++;
	posix_spawn_file_actions_init(&quiet);
	posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
	while (end_time ? time(NULL) < end_time : done < steps) {
		const unsigned long left = end_time ? STEPS_IN_ROUND : steps - done;
		const unsigned long now = left < STEPS_IN_ROUND ? left : STEPS_IN_ROUND;

		snprintf(seed_text, sizeof(seed_text), "%lu", round_seed);
		snprintf(steps_text, sizeof(steps_text), "%lu", now);
		CHECK(posix_spawn(&child, "/proc/self/exe", done ? &quiet : NULL, NULL, arguments,
				  environ) == 0,
		      "a round");
		CHECK(waitpid(child, &status, 0) == child && status == 0,
		      "the round with seed %s ended with status %#x", seed_text,
		      (unsigned int)status);
		round_seed += SEED_STEP;
		done += now;
	}
	printf("seed %lu, %lu steps: all bytes are right\n", seed, done);
}

int main(int count, char **arguments)
{
	read_arguments(count, arguments);
	if (is_round)
		return act_in_round();
	unsetenv("TORTURE_SEED");
	unsetenv("TORTURE_STEPS");
	unsetenv("TORTURE_SECONDS");
	spawn_rounds(arguments[0], arguments + (count < 3 ? count : 3));
	return 0;
}
