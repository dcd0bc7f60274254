/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ld.so reports the objects it loads and unloads. Each test runs in a child process, since an
 * entry is redirected once per process.
 */
#include <dlfcn.h>
#include <errno.h>
#include <link.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/sys.h"
#include "hook/loader.h"
#include "region/process.h"
#include "unit.h"

/* A small library that every glibc has and that nobody needs. */
#define LIBRARY "libBrokenLocale.so.1"

static int changes, unloads;
static bool saw_library;

static int look_for_library(struct dl_phdr_info *object, size_t size, void *data)
{
	(void)size;
	(void)data;
	saw_library |= strstr(object->dlpi_name, LIBRARY) != NULL;
	return 0;
}

static void changed(enum loader_change change)
{
	changes += change == LOADER_CHANGED;
	unloads += change == LOADER_UNLOADS;
	saw_library = false;
	dl_iterate_phdr(look_for_library, NULL);
	/* what is about to go is there yet */
	if (change == LOADER_UNLOADS && !saw_library)
		_exit(201);
	errno = EDOM;
}

static void fail_hard(enum loader_change change)
{
	(void)change;
	abort();
}

static void in_a_child(void (*test)(void))
{
	int status;
	pid_t child = fork();

	assert_true(child >= 0);
	if (!child) {
		test();
		_exit(0);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* cmocka's asserts would jump into the parent's code; a line number is all that is needed. */
#define EXPECT(condition)                          \
	do {                                       \
		if (!(condition))                  \
			_exit(__LINE__ % 200 + 1); \
	} while (0)

static void load_and_unload(void)
{
	void *library;

	EXPECT(!loader_watch(changed));
	EXPECT(!changes);
	for (int turn = 1; turn <= 3; turn++) {
		changes = 0;
		errno = ERANGE;
		library = dlopen(LIBRARY, RTLD_NOW);
		EXPECT(library && errno == ERANGE);
		EXPECT(changes == 1 && saw_library);
		/* it is there: nothing comes, and nothing goes yet */
		EXPECT(dlopen(LIBRARY, RTLD_NOW) == library && saw_library);
		EXPECT(!dlclose(library) && saw_library);
		EXPECT(!unloads);
		changes = 0;
		EXPECT(!dlclose(library));
		EXPECT(changes == 1 && unloads == 1 && !saw_library);
		unloads = 0;
	}
	EXPECT(!dlopen("libhugetlbfs-no-such-library.so", RTLD_NOW) && !saw_library);
}

static void tells_of_each_change(void **state)
{
	(void)state;
	in_a_child(load_and_unload);
}

/* A call that fails; without the last one the page is exchanged all the same. */
static const struct failing {
	long number;
	bool is_fatal;
} failing[] = {
	{SYS_memfd_create, true},
	{SYS_writev, true},
	{CPU_MMAP_NUMBER, true},
	{SYS_close, false},
};

static const struct failing *now_failing;

/* Whatever fails is reported, and ld.so is unchanged. */
static void fail_one_call(void)
{
	int failed;

	gate_reset();
	gate_fail(now_failing->number, 1, EACCES);
	failed = loader_watch(changed);
	gate_reset();
	EXPECT(failed == (now_failing->is_fatal ? -EACCES : 0));
	EXPECT(dlclose(dlopen(LIBRARY, RTLD_NOW)) == 0);
	EXPECT(!changes == (failed != 0));
}

static void every_call_fails_in_turn(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT_OF(failing); i++) {
		now_failing = &failing[i];
		in_a_child(fail_one_call);
	}
}

/*
 * By the program's dynamic table. A program at a fixed address that uses _r_debug by name has a
 * copy of it, and then an old ld.so (glibc 2.31) announces in the copy what it does.
 */
static uintptr_t announcing_function(void)
{
	const ElfW(Dyn) *dynamic = _DYNAMIC;

	while (dynamic->d_tag != DT_DEBUG)
		dynamic++;
	return ((const struct r_debug *)dynamic->d_un.d_ptr)->r_brk;
}

/* A debugger's breakpoint must not be overwritten. */
static void with_a_breakpoint(void)
{
	const uintptr_t page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
	uintptr_t page = announcing_function() & ~(page_bytes - 1);
	unsigned char *entry = (unsigned char *)announcing_function(), before = *entry;

	EXPECT(!mprotect((void *)page, page_bytes, PROT_READ | PROT_WRITE | PROT_EXEC));
	*entry = 0xcc;
	EXPECT(loader_watch(fail_hard) == -EBUSY);
	EXPECT(*entry == 0xcc);
	*entry = before;
	EXPECT(dlopen(LIBRARY, RTLD_NOW));
}

static void declines_at_a_breakpoint(void **state)
{
	(void)state;
	in_a_child(with_a_breakpoint);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(tells_of_each_change),
		UNIT_TEST(every_call_fails_in_turn),
		UNIT_TEST(declines_at_a_breakpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
