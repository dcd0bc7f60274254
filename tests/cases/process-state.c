/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A program finds the same descriptors, environment, signals and errno at its start. */
#include <dirent.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include "test.h"

extern char **environ;

static void print_descriptors(void)
{
	for (int fd = 0; fd < 1024; fd++) {
		char path[64], target[256];
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0)
			continue;
		target[length] = '\0';
		/* Standard descriptors are where the test has pointed them. */
		printf("descriptor %d%s%s\n", fd, fd > 2 ? " " : "", fd > 2 ? target : "");
	}
}

static void print_signals(void)
{
	sigset_t blocked;

	sigprocmask(SIG_SETMASK, NULL, &blocked);
	for (int number = 1; number < 65; number++) {
		struct sigaction action;

		if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_DFL)
			printf("signal %d is not as at exec\n", number);
		if (sigismember(&blocked, number) == 1)
			printf("signal %d is blocked\n", number);
	}
}

int main(int count, char **arguments)
{
	int error = errno;

	printf("errno %d, %d arguments, %s\n", error, count, arguments[0]);
	print_descriptors();
	print_signals();
	printf("umask %o, dumpable %d, THP disabled %d\n", umask(0), prctl(PR_GET_DUMPABLE),
	       prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0));
	for (char **variable = environ; *variable; variable++)
		if (strncmp(*variable, "LD_PRELOAD=", 11) && strncmp(*variable, "HUGETLB_", 8))
			puts(*variable);
	return 0;
}
