/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reading a file into memory: see fill.h.
 */
#include <errno.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/log.h"
#include "base/sys.h"
#include "copies/fill.h"

/* The kernel reads so far ahead, in pieces of this size; what was copied is dropped in pieces, too.
 */
#define AHEAD_BYTES ((uint64_t)64 << 20)
#define PIECE_BYTES ((uint64_t)8 << 20)

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

static int read_page(const struct fill *fill, uint64_t done)
{
	for (size_t at = 0; at < fill->page_bytes;) {
		long got = sys_pread(fill->fd, (void *)(fill->memory + (uintptr_t)done + at),
				     fill->page_bytes - at, fill->offset + done + at);

		if (got == -EINTR)
			continue;
		if (SYS_IS_ERROR(got))
			return (int)got;
		/* it is shorter than it was */
		if (!got)
			return -ESTALE;
		at += (size_t)got;
	}
	return 0;
}

/* Asks for what comes, and drops what is done, whenever another piece is begun. */
static void move_window(const struct fill *fill, uint64_t done)
{
	const uint64_t piece = fill->page_bytes > PIECE_BYTES ? fill->page_bytes : PIECE_BYTES;
	const uint64_t ahead = done ? done + AHEAD_BYTES : 0;

	if (done % piece)
		return;
	if (done)
		sys_forget_cache(fill->fd, fill->offset + done - piece, piece);
	if (ahead < fill->bytes)
		sys_want_cache(fill->fd, fill->offset + ahead, done ? piece : AHEAD_BYTES);
}

uint64_t fill_read(struct fill *fill, int *error)
{
	struct progress progress;
	uint64_t done = 0;

	begin_progress(&progress);
	for (*error = 0; done < fill->bytes; done += fill->page_bytes) {
		move_window(fill, done);
		*error = fill->give_page ? fill->give_page(fill, done) : 0;
		if (!*error)
			*error = read_page(fill, done);
		if (*error)
			break;
		show_progress(&progress, fill, done + fill->page_bytes);
	}
	end_progress(&progress);
	if (done)
		sys_forget_cache(fill->fd, fill->offset, done);
	return done;
}
