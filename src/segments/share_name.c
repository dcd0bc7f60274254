/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of shared copies: see share_name.h.
 */
#include <string.h>

#include "base/log.h"
#include "base/sys.h"
#include "segments/sha256.h"
#include "segments/share_name.h"

static int hash_text(const struct mapped_file *file, const struct share_text *text,
		     unsigned char digest[SHA256_BYTES])
{
	unsigned char buffer[8192];
	struct sha256 hash;
	size_t done = 0;

	sha256_begin(&hash);
	while (done < text->file_bytes) {
		size_t wanted = text->file_bytes - done;
		long got = mapped_file_read(file, done, buffer,
					    wanted < sizeof(buffer) ? wanted : sizeof(buffer));

		if (SYS_IS_ERROR(got))
			return (int)got;
		if (!got)
			break;
		sha256_add(&hash, buffer, (size_t)got);
		done += (size_t)got;
	}
	sha256_end(&hash, digest);
	return 0;
}

/* Appends to a name that has space for everything that is appended. */
static void append_bytes(char *name, const unsigned char *bytes, size_t count)
{
	name += strlen(name);
	for (size_t i = 0; i < count; i++, name += 2)
		text_format(name, 3, "%02x", bytes[i]);
}

static void append_number(char *name, char before, uint64_t number)
{
	unsigned char bytes[sizeof(number)];
	size_t count = 0;

	name += strlen(name);
	*name++ = before;
	*name = '\0';
	for (int shift = 56; shift >= 0; shift -= 8)
		if (number >> shift || !shift)
			bytes[count++] = (unsigned char)(number >> shift);
	append_bytes(name, bytes, count);
}

int share_name(const struct mapped_file *file, const struct share_text *text,
	       char name[SHARE_NAME_BYTES])
{
	unsigned char digest[SHA256_BYTES];

	if (text->build_id.count) {
		text_format(name, SHARE_NAME_BYTES, "build-id-");
		append_bytes(name, text->build_id.bytes, text->build_id.count);
		append_number(name, '-', file->bytes);
		append_number(name, '-', (uint64_t)file->changed_seconds);
		append_number(name, '.', file->changed_nanoseconds);
		append_number(name, '-', file->inode);
		append_number(name, '-', file->offset);
	} else {
		int failed = hash_text(file, text, digest);

		if (failed)
			return failed;
		text_format(name, SHARE_NAME_BYTES, "sha256-");
		append_bytes(name, digest, sizeof(digest));
	}
	append_number(name, '-', text->file_bytes);
	append_number(name, '-', text->bytes);
	return 0;
}
