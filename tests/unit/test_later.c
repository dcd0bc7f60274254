/*
 * Objects that come later, with this process's own ld.so: its announcements, and what is made of
 * them. Each test runs in a child, since an entry is redirected once in a process.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libc/loader.h"
#include "segments/later.h"
#include "sys.h"
#include "unit.h"

/* A small library that every glibc has and that nobody needs. */
#define LIBRARY "libBrokenLocale.so.1"

static int arrivals, new_objects, known_objects;
static bool saw_library;

static int count_object(struct dl_phdr_info *object, size_t size, void *data)
{
	later_known *known = data;

	(void)size;
	if (known(object))
		known_objects++;
	else
		new_objects++;
	if (strstr(object->dlpi_name, LIBRARY))
		saw_library = !known(object);
	return 0;
}

static void arrived(later_known *known)
{
	arrivals++;
	known_objects = new_objects = 0;
	saw_library = false;
	dl_iterate_phdr(count_object, known);
	errno = EDOM;
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

	EXPECT(!later_start(arrived));
	EXPECT(!arrivals);
	for (int turn = 1; turn <= 3; turn++) {
		errno = ERANGE;
		library = dlopen(LIBRARY, RTLD_NOW);
		EXPECT(library && errno == ERANGE);
		EXPECT(arrivals == turn && new_objects == 1 && saw_library);
		EXPECT(known_objects >= 2);
		/* it is there: nothing comes */
		EXPECT(dlopen(LIBRARY, RTLD_NOW) == library && arrivals == turn);
		EXPECT(!dlclose(library) && arrivals == turn);
		EXPECT(!dlclose(library) && arrivals == turn);
	}
	EXPECT(!dlopen("libhugetlbfs-no-such-library.so", RTLD_NOW) && arrivals == 3);
}

static void tells_what_came(void **state)
{
	(void)state;
	in_a_child(load_and_unload);
}

/* Whatever fails: what was asked for is told to have failed, and ld.so is as it was. */
static void fail_every_call(void)
{
	unsigned long nth = 0;
	int failed;

	do {
		gate_fail(GATE_ANY, ++nth, EACCES);
		failed = later_start(arrived);
		gate_fail(GATE_ANY, 0, 0);
		if (failed) {
			EXPECT(failed == -EACCES || failed == -ENOMEM);
			EXPECT(dlclose(dlopen(LIBRARY, RTLD_NOW)) == 0 && !arrivals);
		}
	} while (failed && nth < 100);
	/* opening, writing and mapping the copy, at least, and the list */
	EXPECT(nth > 4 && nth < 100);
	EXPECT(dlopen(LIBRARY, RTLD_NOW) && arrivals == 1);
}

static void every_call_fails_in_turn(void **state)
{
	(void)state;
	in_a_child(fail_every_call);
}

/* The list can't be made anew: the object counts as new a second time, at worst. */
static void no_memory_later(void)
{
	void *library;

	EXPECT(!later_start(arrived));
	gate_fail_always(SYS_mmap, ENOMEM);
	library = dlopen(LIBRARY, RTLD_NOW);
	EXPECT(library && arrivals == 1 && saw_library);
	gate_reset();
	EXPECT(!dlclose(library));
	EXPECT(dlopen(LIBRARY, RTLD_NOW) && arrivals >= 2 && saw_library);
}

static void goes_on_without_memory(void **state)
{
	(void)state;
	in_a_child(no_memory_later);
}

/* A debugger's breakpoint is not ours to write over. */
static void with_a_breakpoint(void)
{
	uintptr_t page = (uintptr_t)_r_debug.r_brk & ~(uintptr_t)(sysconf(_SC_PAGESIZE) - 1);
	unsigned char *entry = (unsigned char *)_r_debug.r_brk, before = *entry;

	EXPECT(!mprotect((void *)page, 4096, PROT_READ | PROT_WRITE | PROT_EXEC));
	*entry = 0xcc;
	EXPECT(loader_watch(abort) == -EBUSY);
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
		UNIT_TEST(tells_what_came),
		UNIT_TEST(every_call_fails_in_turn),
		UNIT_TEST(goes_on_without_memory),
		UNIT_TEST(declines_at_a_breakpoint),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
