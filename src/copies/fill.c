/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a file into memory: see fill.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/log.h"
#include "base/sys.h"
#include "copies/fill.h"

/*
 * What is not in the page cache is read past it (O_DIRECT), a piece at a time: the disk writes into
 * the huge pages themselves, and the kernel neither takes memory for the page cache nor copies. In
 * a virtual machine whose host takes free memory back, that memory would cost more than the disk.
 * Pieces of 2M leave too few requests in flight.
 */
#define PIECE_BYTES ((uint64_t)16 << 20)

/* The page cache has a piece if it has half of these places in it. */
#define SAMPLES 8

/* Through the page cache the kernel reads so far ahead. */
#define AHEAD_BYTES ((uint64_t)64 << 20)

/* Between two lines on a terminal. */
#define LINE_SECONDS 1

struct progress {
	long begun, told; /* seconds */
	bool on_terminal;
};

static long now(void)
{
	long time[2] = {0, 0};

	sys_call(SYS_clock_gettime, 1 /* CLOCK_MONOTONIC */, time);
	return time[0];
}

static void begin_progress(struct progress *progress)
{
	struct winsize window;

	progress->on_terminal = log_at(LOG_WARNING) && !sys_ioctl(2, TIOCGWINSZ, &window);
	progress->begun = progress->told = progress->on_terminal ? now() : 0;
}

static void show_progress(struct progress *progress, const struct fill *fill, uint64_t done)
{
	char line[256];
	long time;

	if (!progress->on_terminal)
		return;
	time = now();
	if (time < progress->told + LINE_SECONDS || time < progress->begun + LINE_SECONDS + 1)
		return;
	progress->told = time;
	line[0] = '\r';
	text_format(line + 1, sizeof(line) - 1, "%s: %lu of %lu MB are on huge pages", fill->path,
		    (unsigned long)(done >> 20), (unsigned long)(fill->bytes >> 20));
	text_make_plain(line + 1, strlen(line + 1));
	log_text(line, strlen(line));
}

/* The line goes as it came. */
static void end_progress(const struct progress *progress)
{
	static const char erase[] = "\r\033[K";

	if (progress->told > progress->begun)
		log_text(erase, sizeof(erase) - 1);
}

/* Past the page cache. Negative: that is not possible here. */
static int open_direct(const struct fill *fill)
{
	char link[32];
	long fd;

	text_format(link, sizeof(link), "/proc/self/fd/%d", fill->fd);
	fd = sys_open(link, O_RDONLY | O_DIRECT | O_CLOEXEC | O_NONBLOCK, 0);
	/* what is in the cache is read out of it, and nothing ahead of that */
	if (!SYS_IS_ERROR(fd))
		sys_advise_file(fill->fd, 0, 0, POSIX_FADV_RANDOM);
	return (int)fd;
}

/* Also true where the kernel does not say: it tells only whoever may write to the file. */
static bool is_cached(const struct fill *fill, uint64_t from, uint64_t bytes)
{
	const long at =
		sys_mmap(0, (size_t)bytes, PROT_READ, MAP_SHARED, fill->fd, fill->offset + from);
	unsigned int cached = 0;

	if (SYS_IS_ERROR(at))
		return true;
	for (size_t i = 0; i < SAMPLES; i++) {
		unsigned char is_there = 1;

		sys_mincore((uintptr_t)at + (size_t)bytes / SAMPLES * i, 1, &is_there);
		cached += is_there & 1;
	}
	sys_munmap((uintptr_t)at, (size_t)bytes);
	return cached >= SAMPLES / 2;
}

static int read_range(const struct fill *fill, int fd, uint64_t from, uint64_t end)
{
	while (from < end) {
		long got = sys_pread(fd, (void *)(fill->memory + (uintptr_t)from),
				     (size_t)(end - from), fill->offset + from);

		if (got == -EINTR)
			continue;
		if (SYS_IS_ERROR(got))
			return (int)got;
		/* it is shorter than it was */
		if (!got)
			return -ESTALE;
		from += (uint64_t)got;
	}
	return 0;
}

/* Has the kernel read what comes after the piece. */
static void want_ahead(const struct fill *fill, uint64_t from)
{
	const uint64_t ahead = from ? from + AHEAD_BYTES - PIECE_BYTES : 0;

	if (ahead < fill->bytes)
		sys_want_cache(fill->fd, fill->offset + ahead, from ? PIECE_BYTES : AHEAD_BYTES);
}

/* A page at a time. */
static int read_by_cache(const struct fill *fill, uint64_t from, uint64_t end)
{
	const uint64_t step = fill->page_bytes < end - from ? fill->page_bytes : end - from;
	int failed = 0;

	for (uint64_t at = from; at < end && !failed; at += step)
		failed = read_range(fill, fill->fd, at, at + step);
	sys_forget_cache(fill->fd, fill->offset + from, end - from);
	return failed;
}

static int read_piece(const struct fill *fill, int direct, uint64_t from, uint64_t end)
{
	if (direct >= 0 && !is_cached(fill, from, end - from) &&
	    !read_range(fill, direct, from, end))
		return 0;
	if (direct < 0)
		want_ahead(fill, from);
	return read_by_cache(fill, from, end);
}

/* Memory for what is read up to there. Returns where it ends, which may be further. */
static uint64_t give_pages(struct fill *fill, uint64_t given, uint64_t end, int *error)
{
	while (given < end && !*error) {
		*error = fill->give_page ? fill->give_page(fill, given) : 0;
		if (!*error)
			given += fill->page_bytes;
	}
	return given;
}

uint64_t fill_read(struct fill *fill, int *error)
{
	const int direct = open_direct(fill);
	struct progress progress;
	uint64_t done = 0, given = 0, end;
	int failed = 0;

	begin_progress(&progress);
	for (*error = 0; done < fill->bytes && !*error && !failed;) {
		end = fill->bytes - done < PIECE_BYTES ? fill->bytes : done + PIECE_BYTES;
		given = give_pages(fill, given, end, error);
		end = given < end ? given : end;
		failed = done < end ? read_piece(fill, direct, done, end) : 0;
		if (!failed)
			done = end;
		show_progress(&progress, fill, done);
	}
	end_progress(&progress);
	if (failed)
		*error = failed;
	if (done)
		sys_forget_cache(fill->fd, fill->offset, done);
	if (direct >= 0)
		sys_close(direct);
	return done & ~((uint64_t)fill->page_bytes - 1);
}
