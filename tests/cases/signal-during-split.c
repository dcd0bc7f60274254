/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A signal that arrives while its thread is stopped for another thread's split ends the system call
 * that the thread sleeps in: the call is not made again as if no signal had come.
 *
 * The thread sleeps with the signal unblocked and checks before, so that no signal can come between
 * the check and the sleep: a call that went on would sleep for ever.
 */
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include "heap_share.h"

#define HUGE          (2 * MEGABYTE)
#define PAGES         48
#define DELAYS_US     60
#define LOST_AFTER_MS 60000

/* With the process that sends the signals. */
static struct {
	atomic_long sent, seen;
	atomic_int thread, finished;
} * shared;

static volatile sig_atomic_t came;

static void on_signal(int number)
{
	(void)number;
	came = 1;
}

static void *sleep_until_signalled(void *unused)
{
	const int poll_fd = epoll_create1(0);
	struct epoll_event event;
	sigset_t mask;

	CHECK(poll_fd >= 0 && !pthread_sigmask(SIG_BLOCK, NULL, &mask), "%m");
	sigdelset(&mask, SIGUSR1);
	shared->thread = (int)syscall(SYS_gettid);
	while (!shared->finished) {
		while (!came && !shared->finished)
			CHECK(epoll_pwait(poll_fd, &event, 1, -1, &mask) == -1 && errno == EINTR,
			      "%m");
		came = 0;
		shared->seen++;
	}
	return unused;
}

static void send_signals(pid_t process)
{
	uint64_t random = 1;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (!shared->finished) {
		const long sent = ++shared->sent;

		usleep(next_random(&random) % DELAYS_US);
		syscall(SYS_tgkill, process, (int)shared->thread, SIGUSR1);
		for (int ms = 0; shared->seen < sent && !shared->finished; ms++) {
			if (ms == LOST_AFTER_MS * 10) {
				fprintf(stderr, "signal %ld did not end the call\n", sent);
				kill(process, SIGKILL);
				_exit(1);
			}
			usleep(100);
		}
	}
	_exit(0);
}

static pid_t start_sender(void)
{
	const pid_t process = getpid(), sender = fork();

	CHECK(sender >= 0, "%m");
	if (!sender) {
		while (!shared->thread)
			usleep(100);
		send_signals(process);
	}
	return sender;
}

int main(void)
{
	const struct sigaction action = {.sa_handler = on_signal};
	char *block, *page;
	pthread_t sleeper;
	pid_t sender;
	sigset_t mine;
	int status;

	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	CHECK(shared != MAP_FAILED && !sigaction(SIGUSR1, &action, NULL), "%m");
	sigemptyset(&mine);
	sigaddset(&mine, SIGUSR1);
	pthread_sigmask(SIG_BLOCK, &mine, NULL);
	sender = start_sender();
	block = need(malloc((PAGES + 1) * HUGE));
	page = block + (-(uintptr_t)block & (HUGE - 1));
	memset(page, 1, PAGES * HUGE);
	sleeper = start_thread(sleep_until_signalled, NULL);
	while (shared->seen < 3)
		usleep(1000);
	for (size_t i = 0; i < PAGES; i++) {
		CHECK(mprotect(page + i * HUGE + 4096, 4096, PROT_READ) == 0, "%m");
		usleep(i % 4 * 100);
	}
	for (long seen = shared->seen; shared->seen < seen + 3;)
		usleep(1000);
	shared->finished = 1;
	syscall(SYS_tgkill, getpid(), (int)shared->thread, SIGUSR1);
	pthread_join(sleeper, NULL);
	CHECK(waitpid(sender, &status, 0) == sender && !status, "the sender's status: %d", status);
	puts("ok");
	return 0;
}
