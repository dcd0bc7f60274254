/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Log lines, and the formatter that they use.
 *
 * Owns the level and the identity of descriptors 1 and 2, nothing else. Of libc it uses memory
 * functions only; a line is built on the stack (1.5 kB) and written by one call, so that lines of
 * several threads and processes do not mix. A line that is too long is cut, and ends in "...".
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>

#include "base/log.h"
#include "base/sys.h"

#define LINE_BYTES 1024

static int verbose = LOG_WARNING;
static bool stopped;
static unsigned int warned; /* bit n: about matter n */
static const char *refusal;

/* The state of descriptors 1 and 2 when they were recorded. */
static struct {
	enum { PLACE_UNKNOWN, PLACE_CLOSED, PLACE_REMEMBERED } state;
	uint32_t device_major, device_minor;
	uint64_t inode;
} places[3];

/* The text that is being built: what does not fit is left out. */
struct text {
	char *out;
	size_t bytes, used;
	bool cut;
};

static void text_char(struct text *text, char c)
{
	if (text->used + 1 < text->bytes)
		text->out[text->used++] = c;
	else
		text->cut = true;
}

static void text_string(struct text *text, const char *string)
{
	for (string = string ? string : "(null)"; *string; string++)
		text_char(text, *string);
}

/* The format of a number: `%08lx` has zero, width 8 and base 16. */
struct number_shape {
	bool zero, negative;
	unsigned int width, base;
};

static void text_number(struct text *text, unsigned long value, struct number_shape shape)
{
	char digits[3 * sizeof(value)];
	unsigned int count = 0, length;

	do {
		digits[count++] = "0123456789abcdef"[value % shape.base];
		value /= shape.base;
	} while (value);
	length = count + shape.negative;
	if (shape.negative && shape.zero)
		text_char(text, '-');
	for (; length < shape.width; length++)
		text_char(text, shape.zero ? '0' : ' ');
	if (shape.negative && !shape.zero)
		text_char(text, '-');
	while (count)
		text_char(text, digits[--count]);
}

static void text_signed(struct text *text, long value, struct number_shape shape)
{
	shape.negative = value < 0;
	text_number(text, value < 0 ? -(unsigned long)value : (unsigned long)value, shape);
}

/* Formats one conversion's argument; `size` is 'l', 'z' or 0. False: not a supported conversion. */
static bool text_convert(struct text *text, char conversion, char size, struct number_shape shape,
			 va_list *arguments)
{
	shape.base = conversion == 'x' ? 16 : 10;
	switch (conversion) {
	case 's':
		text_string(text, va_arg(*arguments, const char *));
		return true;
	case 'c':
		text_char(text, (char)va_arg(*arguments, int));
		return true;
	case '%':
		text_char(text, '%');
		return true;
	case 'd':
		if (size)
			text_signed(text, va_arg(*arguments, long), shape);
		else
			text_signed(text, va_arg(*arguments, int), shape);
		return true;
	case 'u':
	case 'x':
		if (size)
			text_number(text, va_arg(*arguments, unsigned long), shape);
		else
			text_number(text, va_arg(*arguments, unsigned int), shape);
		return true;
	default:
		return false;
	}
}

/*
 * From an unsupported conversion on, the format is copied as it is, because the arguments after it
 * cannot be found.
 */
static void text_append(struct text *text, const char *format, va_list *arguments)
{
	while (*format) {
		struct number_shape shape = {0};
		const char *at = format;
		char size = 0;

		if (*at != '%') {
			text_char(text, *format++);
			continue;
		}
		for (at++; *at == '0'; at++)
			shape.zero = true;
		for (; *at >= '0' && *at <= '9' && shape.width < LINE_BYTES; at++)
			shape.width = shape.width * 10 + (unsigned int)(*at - '0');
		if (*at == 'l' || *at == 'z')
			size = *at++;
		if (!text_convert(text, *at, size, shape, arguments)) {
			text_string(text, format);
			return;
		}
		format = at + 1;
	}
}

int text_format(char *out, unsigned long bytes, const char *format, ...)
{
	struct text text = {.out = out, .bytes = bytes};
	va_list arguments;

	if (!bytes)
		return 0;
	va_start(arguments, format);
	text_append(&text, format, &arguments);
	va_end(arguments);
	out[text.used] = '\0';
	return (int)text.used;
}

void text_make_plain(char *text, unsigned long bytes)
{
	for (unsigned long i = 0; i < bytes; i++) {
		const unsigned char byte = (unsigned char)text[i];

		/* the second byte of U+0080 to U+009F: a control character in UTF-8, and also on
		 * its own */
		if (byte >= 0x80 && byte < 0xa0 &&
		    (!i || (unsigned char)text[i - 1] == 0xc2 || (unsigned char)text[i - 1] < 0x80))
			text[i] = '?';
		else if (byte < ' ' || byte == 0x7f)
			text[i] = '?';
	}
}

void log_set_level(int level)
{
	verbose = level;
}

bool log_at(int level)
{
	return level <= verbose && !stopped;
}

static void remember(int fd)
{
	struct statx file;
	long result = sys_statx_fd(fd, &file);

	places[fd].device_major = file.stx_dev_major;
	places[fd].device_minor = file.stx_dev_minor;
	places[fd].inode = file.stx_ino;
	if (!result)
		places[fd].state = PLACE_REMEMBERED;
	else
		places[fd].state = result == -EBADF ? PLACE_CLOSED : PLACE_UNKNOWN;
}

void log_start(void)
{
	remember(2);
}

void log_start_output(void)
{
	remember(1);
}

void log_stop(void)
{
	stopped = true;
}

/*
 * Does the descriptor still accept messages? A pipe without a reader does not.
 */
static bool is_still_there(int fd)
{
	struct pollfd descriptor = {.fd = fd, .events = POLLOUT};
	struct statx now;

	if (places[fd].state == PLACE_CLOSED)
		return false;
	if (places[fd].state == PLACE_REMEMBERED &&
	    (sys_statx_fd(fd, &now) || now.stx_ino != places[fd].inode ||
	     now.stx_dev_major != places[fd].device_major ||
	     now.stx_dev_minor != places[fd].device_minor))
		return false;
	return sys_poll_now(&descriptor) < 0 || !(descriptor.revents & (POLLERR | POLLNVAL));
}

int log_write(int fd, const char *text, unsigned long bytes)
{
	long result = 0;

	for (unsigned long done = 0; done < bytes && result >= 0; done += (unsigned long)result) {
		do {
			result = sys_write(fd, text + done, bytes - done);
		} while (result == -EINTR);
		if (!result)
			result = -EIO;
	}
	return result < 0 ? (int)result : 0;
}

static void __attribute__((format(printf, 2, 3)))
text_add(struct text *text, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	text_append(text, format, &arguments);
	va_end(arguments);
}

/* For one line: too large for a small stack, and, as a common symbol, behind the variables that
 * every process uses. */
struct workspace {
	char line[LINE_BYTES];
	struct utsname host;
} log_workspace __attribute__((common));

struct parts {
	const char *level, *ending, *format;
	va_list *arguments;
};

static void write_line(struct workspace *space, const struct parts *parts)
{
	/* one byte is left for the newline */
	struct text text = {.out = space->line, .bytes = sizeof(space->line) - 1};

	if (sys_uname(&space->host))
		strcpy(space->host.nodename, "?");
	text_add(&text, "libhugetlbfs [%s:%ld]: %s: ", space->host.nodename, sys_getpid(),
		 parts->level);
	text_append(&text, parts->format, parts->arguments);
	if (parts->ending)
		text_add(&text, "%s", parts->ending);
	if (text.cut)
		memcpy(space->line + text.used - 3, "...", 3);
	text_make_plain(space->line, text.used);
	space->line[text.used++] = '\n';
	log_write(2, space->line, text.used);
}

/* For a thread, or a signal handler, that logs while another thread is writing. */
static void __attribute__((noinline)) write_line_on_stack(const struct parts *parts)
{
	struct workspace space;

	write_line(&space, parts);
}

static void log_line(const char *level, const char *ending, const char *format, va_list *arguments)
{
	static bool in_use;
	const struct parts parts = {level, ending, format, arguments};

	if (!is_still_there(2))
		return;
	if (__atomic_exchange_n(&in_use, true, __ATOMIC_ACQUIRE)) {
		write_line_on_stack(&parts);
		return;
	}
	write_line(&log_workspace, &parts);
	__atomic_store_n(&in_use, false, __ATOMIC_RELEASE);
}

void log_text(const char *text, unsigned long bytes)
{
	if (!stopped && is_still_there(2))
		log_write(2, text, bytes);
}

int log_output(const char *text, unsigned long bytes)
{
	if (stopped)
		return 0;
	return is_still_there(1) ? log_write(1, text, bytes) : -EBADF;
}

void log_error(const char *format, ...)
{
	va_list arguments;

	if (!log_at(LOG_ERROR))
		return;
	va_start(arguments, format);
	log_line("ERROR", NULL, format, &arguments);
	va_end(arguments);
}

void log_warning(const char *format, ...)
{
	va_list arguments;

	if (!log_at(LOG_WARNING))
		return;
	va_start(arguments, format);
	log_line("WARNING", NULL, format, &arguments);
	va_end(arguments);
}

void log_refuse(const char *instead)
{
	refusal = instead;
}

void log_declined(const char *otherwise, const char *format, ...)
{
	char ending[128];
	va_list arguments;

	if (!log_at(refusal ? LOG_ERROR : LOG_WARNING))
		return;
	if (refusal)
		text_format(ending, sizeof(ending), " (%s)", refusal);
	else
		text_format(ending, sizeof(ending), ": %s", otherwise);
	va_start(arguments, format);
	log_line(refusal ? "ERROR" : "WARNING", ending, format, &arguments);
	va_end(arguments);
}

void log_warning_once(enum log_matter matter, const char *format, ...)
{
	const unsigned int bit = 1u << matter;
	va_list arguments;

	if (!log_at(LOG_WARNING) || __atomic_fetch_or(&warned, bit, __ATOMIC_RELAXED) & bit)
		return;
	va_start(arguments, format);
	log_line("WARNING", NULL, format, &arguments);
	va_end(arguments);
}

void log_info(const char *format, ...)
{
	va_list arguments;

	if (!log_at(LOG_INFO))
		return;
	va_start(arguments, format);
	log_line("INFO", NULL, format, &arguments);
	va_end(arguments);
}

void log_debug(const char *format, ...)
{
	va_list arguments;

	if (!log_at(LOG_DEBUG))
		return;
	va_start(arguments, format);
	log_line("DEBUG", NULL, format, &arguments);
	va_end(arguments);
}
