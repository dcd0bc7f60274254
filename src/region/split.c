/*
 * Splitting huge pages into base pages: see split.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <layout.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "pages/executable.h"
#include "pages/sparse.h"
#include "region/mempolicy.h"
#include "region/page_state.h"
#include "region/process.h"
#include "region/split.h"
#include "region/verify.h"

/* Newer than the oldest headers that we build on; the values are the kernel's. */
#ifndef UFFD_USER_MODE_ONLY
#define UFFD_USER_MODE_ONLY 1 /* Linux 5.11 */
#endif
#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12) /* Linux 5.19 */
#endif

unsigned long split_count;

long split_map_aside(const struct region *region, size_t bytes)
{
	size_t page_bytes = region->page_bytes;
	long mapped = sys_mmap(0, bytes + page_bytes, PROT_READ | PROT_WRITE,
			       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uintptr_t aligned;

	if (SYS_IS_ERROR(mapped))
		return mapped;
	aligned = ((uintptr_t)mapped + page_bytes - 1) & ~(uintptr_t)(page_bytes - 1);
	if (aligned > (uintptr_t)mapped)
		sys_munmap((uintptr_t)mapped, aligned - (uintptr_t)mapped);
	if (aligned < (uintptr_t)mapped + page_bytes)
		sys_munmap(aligned + bytes, (uintptr_t)mapped + page_bytes - aligned);
	/* One fault for 2 MiB; the kernel splits it where the program needs it split. */
	if (region->source->thp)
		sys_madvise(aligned, bytes, MADV_HUGEPAGE);
	return (long)aligned;
}

static long userfault_control(int fd, unsigned long request, void *argument)
{
	return sys_gate(SYS_ioctl, fd, (long)request, (long)argument, 0, 0, 0);
}

/*
 * Keeps all other threads from writing to the page, until split_writers_go(): they wait in the
 * kernel. Returns a descriptor, or -errno. For hugetlb since Linux 5.19. An unprivileged process
 * gets it for faults in user mode only: a system call of another thread that writes to this very
 * page at this moment fails with EFAULT.
 */
long split_writers_stop(uintptr_t address, size_t bytes)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = UFFD_FEATURE_PAGEFAULT_FLAG_WP | UFFD_FEATURE_WP_HUGETLBFS_SHMEM,
	};
	struct uffdio_register enrol = {
		.range = {.start = address, .len = bytes},
		.mode = UFFDIO_REGISTER_MODE_WP,
	};
	struct uffdio_writeprotect protect = {
		.range = {.start = address, .len = bytes},
		.mode = UFFDIO_WRITEPROTECT_MODE_WP,
	};
	long fd, failed;

	/*
	 * Containers' filters refuse userfaultfd, and those of service managers may kill for it:
	 * there it is never tried.
	 */
	if (sys_sandboxed || sys_is_filtered())
		return -EPERM;
	fd = sys_gate(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK, 0, 0, 0, 0, 0);
	if (fd == -EPERM)
		fd = sys_gate(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK | UFFD_USER_MODE_ONLY, 0, 0,
			      0, 0, 0);
	if (SYS_IS_ERROR(fd))
		return fd;
	failed = userfault_control((int)fd, UFFDIO_API, &api);
	if (!failed)
		failed = userfault_control((int)fd, UFFDIO_REGISTER, &enrol);
	if (!failed)
		failed = userfault_control((int)fd, UFFDIO_WRITEPROTECT, &protect);
	if (!failed)
		return fd;
	sys_close((int)fd);
	return failed;
}

/* Closing wakes who waits: they try again, and find what is mapped by then. */
void split_writers_go(long fd)
{
	if (fd >= 0)
		sys_close((int)fd);
}

/* With a protection key, or, where none was ever set, without asking for keys. */
static long set_rights(uintptr_t address, size_t bytes, int rights, bool with_key, int key)
{
	if (!with_key)
		return sys_mprotect(address, bytes, rights);
	return sys_gate(SYS_pkey_mprotect, (long)address, (long)bytes, rights, key, 0, 0);
}

static long map_file_copy(uintptr_t address, size_t bytes, int rights)
{
	long fd, mapped, failed;

	/* Who has locked itself in may be killed for the file. */
	if (sys_sandboxed)
		return -EPERM;
	fd = executable_file(EXECUTABLE_TEXT);
	if (SYS_IS_ERROR(fd))
		return fd;
	failed =
		executable_copy((int)fd, (const unsigned char *)address, bytes, process_base_bytes);
	if (!failed) {
		mapped = sys_mmap(address, bytes, rights, MAP_PRIVATE | MAP_FIXED, (int)fd, 0);
		failed = SYS_IS_ERROR(mapped) ? mapped : 0;
	}
	sys_close((int)fd);
	return failed;
}

/*
 * Text becomes what it was before it was on huge pages, a private mapping of a file: so it takes
 * advice as that does (emptied, it is read again), and is executable where no memory that was
 * written to may be. Other threads run it meanwhile.
 */
static int text_make_small(struct region *region, size_t page, int rights)
{
	uintptr_t address = region_page_address(region, page);
	size_t bytes = region->page_bytes;
	int key = region->pages[page] >> PAGE_KEY_SHIFT;
	bool readable = rights & PROT_READ && !key; /* by this thread, whatever it may do */
	struct mempolicy policy;
	long failed = 0;

	mempolicy_read(address, &policy);
	if (!readable)
		failed = set_rights(address, bytes, rights | PROT_READ, key, 0);
	if (!failed)
		failed = map_file_copy(address, bytes, rights);
	if (!failed)
		mempolicy_apply(&policy, address, bytes);
	if (!failed && key)
		failed = set_rights(address, bytes, rights, key, key);
	if (!failed)
		return 0;
	if (!readable)
		set_rights(address, bytes, rights, key, key);
	log_warning_once("%s: a part of a huge page can't be made small (error %d)", region->name,
			 (int)-failed);
	return -ENOMEM;
}

/* The page is small now: so it is known, and the program's advice for it holds again. */
static void note_small(struct region *region, size_t page)
{
	const uintptr_t address = region_page_address(region, page);
	const unsigned int state = region->pages[page];

	region_set_small(region, page, UNIT_MAPPED | UNIT_ALTERED);
	split_count++;
	if (state & PAGE_LOCKED)
		sys_gate(SYS_mlock, (long)address, (long)region->page_bytes, 0, 0, 0, 0);
	if (state & PAGE_DONTFORK)
		sys_madvise(address, region->page_bytes, MADV_DONTFORK);
	if (state & PAGE_DONTDUMP)
		sys_madvise(address, region->page_bytes, MADV_DONTDUMP);
}

/* Maps memory aside of which each small page comes when it is written to, and not before. */
static long map_sparse_aside(const struct region *region, size_t bytes)
{
	long aside = split_map_aside(region, bytes);

	if (!SYS_IS_ERROR(aside))
		sys_madvise((uintptr_t)aside, bytes, MADV_NOHUGEPAGE);
	return aside;
}

/* One hugetlb page becomes small pages, by one atomic exchange. */
static int data_make_small(struct region *region, size_t page, int rights, bool sparse)
{
	uintptr_t address = region_page_address(region, page);
	size_t bytes = region->page_bytes;
	int key = region->pages[page] >> PAGE_KEY_SHIFT;
	bool readable = rights & PROT_READ && !key; /* by this thread, whatever it may do */
	long writers = -1, failed = 0;
	long aside = sparse ? map_sparse_aside(region, bytes) : split_map_aside(region, bytes);
	struct mempolicy policy;

	if (SYS_IS_ERROR(aside))
		return -ENOMEM;
	mempolicy_read(address, &policy);
	mempolicy_apply(&policy, (uintptr_t)aside, bytes);
	if (rights & PROT_WRITE && !process_single_threaded()) {
		writers = split_writers_stop(address, bytes);
		if (SYS_IS_ERROR(writers)) {
			log_warning_once(
				"%s: a part of a huge page can't be made small while other "
				"threads run: this kernel or its settings have no userfaultfd "
				"write protection for it (error %d)",
				region->name, (int)-writers);
			failed = -ENOMEM;
		}
	}
	if (!failed && !readable)
		failed = set_rights(address, bytes, rights | PROT_READ, key, 0);
	if (!failed) {
		if (sparse)
			sparse_copy((uintptr_t)aside, address, bytes, region->base_bytes);
		else
			memcpy((void *)aside, (void *)address, bytes);
		if (rights != (PROT_READ | PROT_WRITE) || key)
			failed = set_rights((uintptr_t)aside, bytes, rights, key, key);
	}
	if (!failed) {
		long moved = sys_mremap((uintptr_t)aside, bytes, bytes,
					MREMAP_MAYMOVE | MREMAP_FIXED, address);

		failed = SYS_IS_ERROR(moved) ? moved : 0;
	}
	if (failed) {
		if (!readable)
			set_rights(address, bytes, rights, key, key);
		sys_munmap((uintptr_t)aside, bytes);
	} else {
		note_small(region, page);
	}
	split_writers_go(writers);
	return failed ? -ENOMEM : 0;
}

int split_page(struct region *region, size_t page, bool sparse)
{
	const int rights = page_state_rights(region->pages[page]);
	int failed;

	if (!region->text)
		return data_make_small(region, page, rights, sparse);
	failed = text_make_small(region, page, rights);
	if (!failed)
		note_small(region, page);
	return failed;
}

static int make_small(struct region *region, uintptr_t from, uintptr_t to, bool all, bool sparse)
{
	/* Address space that was never used can be a million pages, and a program may unmap all. */
	uintptr_t end = to < region->high ? to : region->high;

	for (uintptr_t address = from & ~(uintptr_t)(region->page_bytes - 1); address < end;
	     address += region->page_bytes) {
		size_t page = region_page(region, address);
		bool whole = from <= address && to >= address + region->page_bytes;
		int failed;

		if (!(region->pages[page] & PAGE_HUGE) || (whole && !all))
			continue;
		if (!verify_page(region, page))
			continue;
		failed = split_page(region, page, sparse);
		if (failed)
			return failed;
	}
	return 0;
}

int split_pages(struct region *region, uintptr_t from, uintptr_t to, bool all)
{
	return make_small(region, from, to, all, false);
}

int split_sparse(struct region *region, uintptr_t from, uintptr_t to)
{
	return make_small(region, from, to, true, true);
}
