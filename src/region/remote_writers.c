/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Other processes that write to this process's memory: see remote_writers.h.
 */
#include <link.h>
#include <string.h>
#include <sys/uio.h>

#include "base/program.h"
#include "base/sys.h"
#include "region/remote_writers.h"

/* MPI of every kind, and what carries its messages. */
static const char *const libraries[] = {
	"libmpi.", "libmpi_", "libmpich.",  "libopen-pal.",
	"libucp.", "libuct.", "libfabric.", "libpsm2.",
};

/* What mpirun, mpiexec and srun set for the processes that they start. */
static const char *const launchers[] = {"OMPI_COMM_WORLD_", "PMI", "MPI_LOCAL", "MV2_COMM_WORLD_"};

#define PATH_BYTES 256 /* longer ones are cut at their end, and then not recognised */

static const struct r_debug *loader;
static bool seen;

/* The last object of the list at the last call, as it was then: new ones are added after it. */
static struct {
	const struct link_map *at;
	struct link_map was;
} last;

static bool is_started_by_mpi(void)
{
	for (char **entry = program_environment(); *entry; entry++)
		for (size_t i = 0; i < sizeof(launchers) / sizeof(launchers[0]); i++)
			if (**entry == *launchers[i] &&
			    !strncmp(*entry, launchers[i], strlen(launchers[i])))
				return true;
	return false;
}

/* MPI may be linked into the program itself, which then needs this function of libc. */
static bool imports_writev(const char *names, size_t bytes)
{
	for (const char *name = names; name < names + bytes; name += strlen(name) + 1)
		if (!strcmp(name, "process_vm_writev"))
			return true;
	return false;
}

/* ld.so's list by the program's own headers: dl_iterate_phdr() would take a lock. */
void remote_writers_start(void)
{
	const struct program_headers program = program_headers();
	const ElfW(Phdr) *of_dynamic = NULL;
	const ElfW(Dyn) * entry;
	uintptr_t names = 0;
	size_t bytes = 0;

	for (size_t i = 0; i < program.count; i++)
		if (program.at[i].p_type == PT_DYNAMIC)
			of_dynamic = &program.at[i];
	if (!of_dynamic || !program.has_bias)
		return;
	entry = (const ElfW(Dyn) *)(program.bias + of_dynamic->p_vaddr);
	for (; entry->d_tag != DT_NULL; entry++) {
		if (entry->d_tag == DT_DEBUG)
			loader = (const struct r_debug *)entry->d_un.d_ptr;
		else if (entry->d_tag == DT_STRTAB)
			names = entry->d_un.d_ptr;
		else if (entry->d_tag == DT_STRSZ)
			bytes = entry->d_un.d_val;
	}
	/* Some loaders leave addresses as they are in the file. */
	if (names < program.bias)
		names += program.bias;
	seen = names && bytes && is_started_by_mpi() && imports_writev((const char *)names, bytes);
}

static bool is_listed(const char *path)
{
	const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;

	for (size_t i = 0; i < sizeof(libraries) / sizeof(libraries[0]); i++)
		if (!strncmp(name, libraries[i], strlen(libraries[i])))
			return true;
	return false;
}

/* Copies what may be unmapped meanwhile. Returns how many bytes were read. */
static size_t read_bytes(void *to, const void *from, size_t bytes)
{
	const size_t until_page_end = 4096 - (uintptr_t)from % 4096;
	const struct iovec here = {to, bytes};
	const struct iovec there[] = {
		{(void *)from, bytes < until_page_end ? bytes : until_page_end},
		{(char *)from + until_page_end, bytes - until_page_end},
	};
	long got = sys_call(SYS_process_vm_readv, sys_getpid(), &here, 1, there,
			    bytes > until_page_end ? 2 : 1);

	return got > 0 ? (size_t)got : 0;
}

static bool is_listed_safely(const struct link_map *object)
{
	char path[PATH_BYTES];
	size_t got = read_bytes(path, object->l_name, sizeof(path) - 1);

	path[got] = '\0';
	return is_listed(path);
}

static bool is_last_unchanged(void)
{
	struct link_map now;

	return last.at && read_bytes(&now, last.at, sizeof(now)) == sizeof(now) &&
	       !memcmp(&now, &last.was, sizeof(now));
}

static bool find_safely(void)
{
	const struct link_map *at = loader->r_map;
	struct link_map object;

	if (is_last_unchanged())
		return false;
	for (; at && read_bytes(&object, at, sizeof(object)) == sizeof(object);
	     at = object.l_next) {
		if (is_listed_safely(&object))
			return true;
		last.at = at;
		last.was = object;
	}
	return false;
}

static bool find(void)
{
	const struct link_map *object = loader->r_map;

	while (object && !is_listed(object->l_name))
		object = object->l_next;
	return object;
}

bool remote_writers_possible(bool others_run)
{
	if (!seen && loader)
		seen = others_run ? find_safely() : find();
	return seen;
}
