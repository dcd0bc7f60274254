/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * System V shared memory as a program uses it. Prints what a segment is on and how big the kernel
 * says it is, so that a script can compare; removes all segments, also where something fails.
 *
 *   shm new <bytes> ...       private segments, one after the other, all alive together
 *   shm keys                  segments that have a key
 *   shm idle-size             a segment for which only the size of huge pages is given
 *   shm bad                   calls that fail, with the errors
 */
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/wait.h>

#include "test.h"

#define IDS_MAX 16

/* Shared with the parent, which removes them. */
static struct {
	int ids[IDS_MAX], count;
} * made;

static int get_segment(key_t key, size_t bytes, int flags)
{
	int id = shmget(key, bytes, flags);

	if (id >= 0 && made->count < IDS_MAX)
		made->ids[made->count++] = id;
	return id;
}

/* The page size of the mapping at an address, by smaps. */
static unsigned long page_kb_at(const void *address)
{
	FILE *smaps = fopen("/proc/self/smaps", "r");
	unsigned long start, end, kb = 0;
	char line[512];
	int inside = 0;

	CHECK(smaps, "no smaps");
	while (!kb && fgets(line, sizeof(line), smaps)) {
		if (sscanf(line, "%lx-%lx ", &start, &end) == 2)
			inside = (unsigned long)address >= start && (unsigned long)address < end;
		else if (inside)
			sscanf(line, "KernelPageSize: %lu kB", &kb);
	}
	fclose(smaps);
	return kb;
}

/* Writes all of it, reads it in a child, and tells. */
static void use_segment(int id, size_t bytes)
{
	struct shmid_ds segment;
	char *at = shmat(id, NULL, 0);
	int status;

	CHECK(at != (char *)-1, "errno %d", errno);
	check_zero(at, bytes);
	memset(at, 7, bytes);
	if (!fork())
		_exit(at[bytes - 1] == 7 ? 0 : 1);
	CHECK(wait(&status) > 0 && !status, "the child's status is %d", status);
	CHECK(!shmctl(id, IPC_STAT, &segment), "errno %d", errno);
	printf("%zu bytes: segment of %zu, pages of %lu kB\n", bytes, segment.shm_segsz,
	       page_kb_at(at));
	CHECK(!shmdt(at), "errno %d", errno);
}

static void new_segments(char **sizes)
{
	for (; *sizes; sizes++) {
		size_t bytes = strtoul(*sizes, NULL, 10);
		int id;

		errno = 77;
		id = get_segment(IPC_PRIVATE, bytes, IPC_CREAT | 0600);
		CHECK(id >= 0 && errno == 77, "errno %d", errno);
		use_segment(id, bytes);
	}
}

static void keyed_segments(void)
{
	key_t key = 0x48500000 | (getpid() & 0xfffff);
	int id = get_segment(key, 5000, IPC_CREAT | IPC_EXCL | 0600);

	CHECK(id >= 0, "errno %d", errno);
	CHECK(shmget(key, 5000, 0) == id, "lookup: errno %d", errno);
	CHECK(shmget(key, 0, 0) == id, "lookup of no size: errno %d", errno);
	CHECK(shmget(key, 5000, IPC_CREAT | 0600) == id, "create of what exists: errno %d", errno);
	CHECK(shmget(key, 5000, IPC_CREAT | IPC_EXCL | 0600) == -1 && errno == EEXIST, "errno %d",
	      errno);
	use_segment(id, 5000);
}

/* A size of huge pages that the kernel takes no notice of, as nobody asks it for huge pages. */
static void idle_size(void)
{
	int id = get_segment(IPC_PRIVATE, 5000, IPC_CREAT | 0600 | 30 << 26);

	CHECK(id >= 0, "errno %d", errno);
	use_segment(id, 5000);
}

static void tell_error(const char *what, int id)
{
	printf("%s: %d\n", what, id < 0 ? errno : 0);
}

static void bad_calls(void)
{
	key_t missing = 0x48600000 | (getpid() & 0xfffff);

	tell_error("no size", get_segment(IPC_PRIVATE, 0, IPC_CREAT | 0600));
	tell_error("too big", get_segment(IPC_PRIVATE, SIZE_MAX, IPC_CREAT | 0600));
	tell_error("too big by rounding", get_segment(IPC_PRIVATE, SIZE_MAX - 4096, 0600));
	tell_error("missing", get_segment(missing, 4096, 0));
	tell_error("unknown page size",
		   get_segment(IPC_PRIVATE, 4096, SHM_HUGETLB | 13 << 26 | 0600));
}

static void run(int count, char **arguments)
{
	if (count > 2 && !strcmp(arguments[1], "new"))
		new_segments(arguments + 2);
	else if (count > 1 && !strcmp(arguments[1], "keys"))
		keyed_segments();
	else if (count > 1 && !strcmp(arguments[1], "idle-size"))
		idle_size();
	else if (count > 1 && !strcmp(arguments[1], "bad"))
		bad_calls();
	else
		CHECK(0, "usage: shm new <bytes> ... | keys | idle-size | bad");
}

/* A child does it all, so that whatever ends it, its segments are removed. */
int main(int count, char **arguments)
{
	int status;

	setvbuf(stdout, NULL, _IONBF, 0);
	made = mmap(NULL, sizeof(*made), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(made != MAP_FAILED, "errno %d", errno);
	if (!fork()) {
		run(count, arguments);
		_exit(0);
	}
	CHECK(wait(&status) > 0, "errno %d", errno);
	for (int i = 0; i < made->count; i++)
		shmctl(made->ids[i], IPC_RMID, NULL);
	return status != 0;
}
