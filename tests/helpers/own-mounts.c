/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs a command in a mount namespace of its own: own-mounts COMMAND ARGUMENT…
 *
 * No mount that the command makes or removes reaches another namespace. unshare(1) makes that sure
 * by changing the propagation of "/", which the kernel refuses in a chroot whose root is no mount
 * point. The mount that holds such a root has no name inside the chroot, so this program leaves the
 * chroot in its own namespace, makes all mounts private, and enters the chroot again.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include "test.h"

static int make_private(void)
{
	return mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL);
}

/* The working directory becomes the root of the namespace: ".." ends at a root that lies above it.
 */
static void leave_chroot(void)
{
	struct stat here, parent;

	CHECK(!chdir("/") && !chroot("tmp"), "/tmp: %m");
	for (;;) {
		CHECK(!stat(".", &here) && !stat("..", &parent), "..: %m");
		if (here.st_dev == parent.st_dev && here.st_ino == parent.st_ino)
			break;
		CHECK(!chdir(".."), "..: %m");
	}
	CHECK(!chroot("."), "the namespace's root: %m");
}

int main(int count, char **arguments)
{
	int root, directory;

	CHECK(count > 1, "own-mounts COMMAND ARGUMENT…");
	CHECK(!unshare(CLONE_NEWNS), "no mount namespace: %m");
	if (make_private()) {
		root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		directory = open(".", O_PATH | O_DIRECTORY | O_CLOEXEC);
		CHECK(root >= 0 && directory >= 0, "%m");
		leave_chroot();
		CHECK(!make_private(), "the mounts stay shared: %m");
		CHECK(!fchdir(root) && !chroot(".") && !fchdir(directory),
		      "back into the chroot: %m");
	}
	execvp(arguments[1], arguments + 1);
	CHECK(0, "%s: %m", arguments[1]);
	return 1;
}
