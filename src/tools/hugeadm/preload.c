/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --preload: copies a file to huge pages before a program maps it, by the library's own code.
 *
 * A copy may be read by those who may read the file, as far as modes tell: root makes one for
 * everybody, for the file's group, or, as the file's owner, for the owner; another user only their
 * own. The work is done in a child, which a signal ends with nothing left behind.
 */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "copies/copy.h"
#include "hugeadm.h"
#include "options/options.h"

/* Shared with the child. */
struct work {
	struct original original;
	struct copy copy;
	bool opened, found; /* how far it came */
	int error;
};

/* The users who may do something, by a mode: each includes those before it. */
enum readers { CLASS_ROOT, CLASS_OWNER, CLASS_GROUP, CLASS_ALL };

/* The users who have that right to what status describes. Access lists are not read: where there
 * is one, only the owner counts. */
static enum readers class_of(const struct stat *status, const struct original *original,
			     mode_t right, bool has_list)
{
	const bool owner = status->st_uid == original->status.stx_uid ? status->st_mode & right << 6
								      : status->st_mode & right;
	const bool group = status->st_gid == original->status.stx_gid ? status->st_mode & right << 3
								      : status->st_mode & right;

	if (!owner)
		return CLASS_ROOT;
	if (!group || has_list)
		return CLASS_OWNER;
	return status->st_mode & right && status->st_mode & right << 3 ? CLASS_ALL : CLASS_GROUP;
}

/* The users who may read the file and enter all directories above it. */
static enum readers readers_of(const struct original *original, int fd)
{
	static const char list[] = "system.posix_acl_access";
	char path[ORIGINAL_PATH_BYTES], *slash;
	enum readers all, here;
	struct stat status;

	if (fstat(fd, &status))
		return CLASS_ROOT;
	all = class_of(&status, original, S_IROTH, fgetxattr(fd, list, NULL, 0) > 0);
	strcpy(path, original->path);
	while (all && (slash = strrchr(path, '/'))) {
		slash[slash == path] = '\0';
		if (lstat(path, &status))
			return CLASS_ROOT;
		here = class_of(&status, original, S_IXOTH, lgetxattr(path, list, NULL, 0) > 0);
		if (here < all)
			all = here;
		if (slash == path)
			break;
	}
	return all;
}

/* For good, in the child. */
static int become_owner(const struct original *original)
{
	const uid_t user = original->status.stx_uid;
	const struct passwd *entry = getpwuid(user);
	const gid_t group = entry ? entry->pw_gid : original->status.stx_gid;

	if ((entry ? initgroups(entry->pw_name, group) : setgroups(0, NULL)) ||
	    setresgid(group, group, group) || setresuid(user, user, user))
		return -errno;
	return 0;
}

/* Becomes whoever makes the copy for those readers. */
static int choose_readers(struct copy *copy, const struct original *original, int fd)
{
	const enum readers readers = geteuid() ? CLASS_ROOT : readers_of(original, fd);

	copy->readers = COPY_FOR_USER;
	switch (readers) {
	case CLASS_ROOT:
		return 0;
	case CLASS_OWNER:
		return original->status.stx_uid ? become_owner(original) : 0;
	case CLASS_GROUP:
		copy->readers = COPY_FOR_GROUP;
		return setegid(original->status.stx_gid) ? -errno : 0;
	case CLASS_ALL:
		copy->readers = COPY_FOR_ALL;
		return 0;
	}
	return 0;
}

static int copy_it(struct work *work, const struct preload *preload)
{
	const int fd = open(preload->file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int failed;

	if (fd < 0)
		return -errno;
	work->opened = true;
	if (!original_read(&work->original, fd)) {
		original_refuse(&work->original, "it is no file that can be copied");
		return -EINVAL;
	}
	if (work->original.status.stx_size < preload->page_bytes) {
		original_refuse(&work->original, "it is smaller than a huge page");
		return -ERANGE;
	}
	failed = choose_readers(&work->copy, &work->original, fd);
	if (failed) {
		original_refuse_error(&work->original, failed);
		return failed;
	}
	failed = copy_preload(&work->copy, &work->original, options_get(NULL, NULL),
			      preload->page_bytes);
	return failed < 0 ? failed : 0;
}

static void run_child(struct work *work, const struct preload *preload)
{
	signal(SIGINT, SIG_DFL);
	signal(SIGTERM, SIG_DFL);
	signal(SIGHUP, SIG_DFL);
	work->error = copy_it(work, preload);
	work->found = true;
	_exit(0);
}

/* A signal to hugeadm ends the child, too. */
static void wait_for(pid_t child)
{
	while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
		if (interrupt_signal())
			kill(child, SIGTERM);
}

static int report(const struct request *request, const struct work *work,
		  const struct preload *preload)
{
	const uint64_t whole = copy_whole_bytes(&work->original.status, preload->page_bytes);

	if (!work->found)
		return interrupt_signal() ? -EINTR
					  : complain(-EIO,
						     "--preload: %s: the process that copied "
						     "it was killed",
						     preload->file);
	if (work->error)
		return complain(work->error, "--preload: %s: %s", preload->file,
				work->opened ? work->original.reason : strerror(-work->error));
	if (work->copy.bytes < whole)
		return complain(-ENOSPC, "--preload: %s: the pool has pages for %llu of %llu MB",
				preload->file, (unsigned long long)work->copy.bytes >> 20,
				(unsigned long long)whole >> 20);
	tell(request, "%s: %llu MB are in %s/%s", preload->file,
	     (unsigned long long)work->copy.bytes >> 20, work->copy.path, work->copy.name);
	return 0;
}

int preload_file(const struct request *request, const struct preload *preload)
{
	char argument[PATH_MAX + 32];
	const char *const command[] = {"hugeadm", "--preload", argument, NULL};
	struct work *work;
	pid_t child;
	int result;

	if (request->dry_run) {
		snprintf(argument, sizeof(argument), "%zuK:%s", preload->page_bytes >> 10,
			 preload->file);
		return change_run(request, command);
	}
	work = mmap(NULL, sizeof(*work), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (work == MAP_FAILED)
		return complain(-errno, "--preload: %s: %s", preload->file, strerror(errno));
	fflush(NULL);
	child = fork();
	if (!child)
		run_child(work, preload);
	if (child > 0)
		wait_for(child);
	result = child < 0 ? complain(-errno, "--preload: %s: %s", preload->file, strerror(errno))
			   : report(request, work, preload);
	munmap(work, sizeof(*work));
	return result;
}
