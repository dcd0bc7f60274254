/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * mlockall works with the same limit on locked memory as without the library, whose own memory is
 * small. Later mappings, and growth, are locked as the program asked, or refused as without the
 * library.
 */
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "test.h"

#ifndef MCL_ONFAULT
#define MCL_ONFAULT 4
#endif

#define RW (PROT_READ | PROT_WRITE)

/* More than this program needs, the library's own text and data included, and not much more. */
#define LIMIT_KB 8192

static unsigned long status_kb(const char *name)
{
	char line[256];
	unsigned long kb = 0;
	FILE *status = fopen("/proc/self/status", "re");

	CHECK(status, "status");
	while (fgets(line, sizeof(line), status))
		if (!strncmp(line, name, strlen(name)))
			kb = strtoul(line + strlen(name), NULL, 10);
	fclose(status);
	return kb;
}

/* The library's maps have been in use: 64 MB in pieces of all sizes, gone again. */
static void use_memory(void)
{
	void *piece[32];

	for (size_t i = 0; i < 32; i++) {
		piece[i] =
			mmap(NULL, (i + 1) * MEGABYTE / 8, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		CHECK(piece[i] != MAP_FAILED, "mmap: %s", strerror(errno));
		memset(piece[i], 1, MEGABYTE / 8);
	}
	for (size_t i = 0; i < 32; i++)
		CHECK(!munmap(piece[i], (i + 1) * MEGABYTE / 8), "munmap: %s", strerror(errno));
}

/* As without us, the limit ends it; and nothing that came has to be touched to be there. */
static void grow_up_to_the_limit(void)
{
	size_t mapped = 0;
	char *at;

	while (mapped < 2 * LIMIT_KB) {
		at = mmap(NULL, 100 << 10, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (at == MAP_FAILED)
			break;
		CHECK(at[4096] == 0, "it is not zero");
		at[0] = 1;
		mapped += 100;
	}
	CHECK(mapped >= 1000, "%zu kB could be mapped", mapped);
	CHECK(mapped < 2 * LIMIT_KB, "no limit");
}

int main(int argc, char **argv)
{
	const struct rlimit limit = {LIMIT_KB << 10, LIMIT_KB << 10};
	bool later = argc > 1 && !strcmp(argv[1], "later");

	use_memory();
	CHECK(!setrlimit(RLIMIT_MEMLOCK, &limit), "setrlimit: %s", strerror(errno));
	/* root, and who is in a namespace of its own, has no limit */
	if (!getuid())
		CHECK(!setresuid(65534, 65534, 65534), "setresuid: %s", strerror(errno));
	CHECK(!mlockall(MCL_CURRENT | (later ? MCL_FUTURE : 0)),
	      "mlockall of %lu kB under a limit of %d kB: %s", status_kb("VmSize:"), LIMIT_KB,
	      strerror(errno));
	CHECK(status_kb("VmLck:") > 1000, "%lu kB are locked", status_kb("VmLck:"));
	if (later)
		grow_up_to_the_limit();
	CHECK(!munlockall(), "munlockall: %s", strerror(errno));
	if (later)
		return puts("locked") < 0;
	use_memory();
	CHECK(!mlockall(MCL_CURRENT | MCL_ONFAULT), "mlockall: %s", strerror(errno));
	CHECK(!munlockall() && !status_kb("VmLck:"), "munlockall");
	use_memory();
	puts("locked");
	return 0;
}
