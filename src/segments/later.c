/*
 * Objects that are loaded after the start: see later.h.
 *
 * Owns the list of objects that were there at the last look. An object that was unloaded leaves it,
 * so that another one, at the same address or not, is new again.
 */
#include <errno.h>

#include "libc/loader.h"
#include "log.h"
#include "segments/later.h"
#include "segments/scratch.h"

struct known_object {
	uintptr_t base;
	const ElfW(Phdr) * headers;
};

static struct scratch known = {.item_bytes = sizeof(struct known_object)};
static unsigned long long loaded, unloaded; /* ld.so's counts at the last look */
static void (*on_arrival)(later_known *known);

/* The search begins behind what was found last: as a rule the next one asked for is the next. */
static bool is_known(const struct dl_phdr_info *object)
{
	static size_t next;
	const struct known_object *objects = known.items;

	for (size_t i = 0; i < known.count; i++, next++) {
		const struct known_object *candidate = &objects[next % known.count];

		if (candidate->headers == object->dlpi_phdr &&
		    candidate->base == object->dlpi_addr) {
			next = (next + 1) % known.count;
			return true;
		}
	}
	return false;
}

static int remember(struct dl_phdr_info *object, size_t size, void *data)
{
	struct known_object *entry = scratch_add(data);

	(void)size;
	if (!entry)
		return -ENOMEM;
	*entry = (struct known_object){.base = object->dlpi_addr, .headers = object->dlpi_phdr};
	loaded = object->dlpi_adds;
	unloaded = object->dlpi_subs;
	return 0;
}

/* Lists all objects anew. Without memory the old list stays, and -ENOMEM is returned. */
static int remember_all(void)
{
	struct scratch now = SCRATCH_OF(struct known_object);
	int failed = dl_iterate_phdr(remember, &now);

	scratch_free(failed ? &now : &known);
	if (!failed)
		known = now;
	return failed;
}

static int read_counts(struct dl_phdr_info *object, size_t size, void *data)
{
	unsigned long long *counts = data;

	(void)size;
	counts[0] = object->dlpi_adds;
	counts[1] = object->dlpi_subs;
	return 1;
}

/*
 * Without memory for a new list an object that came is dealt with twice, which finds nothing left
 * to do; one that took the place of another may be left as it is.
 */
static void look(void)
{
	unsigned long long counts[2] = {loaded, unloaded};

	dl_iterate_phdr(read_counts, counts);
	if (counts[0] == loaded && counts[1] == unloaded)
		return;
	if (counts[0] != loaded)
		on_arrival(is_known);
	remember_all();
}

int later_start(void (*arrived)(later_known *is_known_already))
{
	int failed = remember_all();

	if (failed)
		return failed;
	on_arrival = arrived;
	failed = loader_watch(look);
	if (failed)
		scratch_free(&known);
	return failed;
}
