/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The names of copies: see copy_name.h.
 */
#include "base/log.h"
#include "copies/copy_name.h"

void copy_name(const struct statx *status, char name[COPY_NAME_BYTES])
{
	text_format(
		name, COPY_NAME_BYTES, COPY_PREFIX "%lx.%lx-%lx%08lx-%lx%08lx-%lx.%lx-%lx.%lx",
		(unsigned long)status->stx_dev_major, (unsigned long)status->stx_dev_minor,
		(unsigned long)(status->stx_ino >> 32),
		(unsigned long)(status->stx_ino & UINT32_MAX),
		(unsigned long)(status->stx_size >> 32),
		(unsigned long)(status->stx_size & UINT32_MAX),
		(unsigned long)status->stx_mtime.tv_sec, (unsigned long)status->stx_mtime.tv_nsec,
		(unsigned long)status->stx_ctime.tv_sec, (unsigned long)status->stx_ctime.tv_nsec);
}

void copy_directory_name(const struct copy *copy, char name[COPY_DIRECTORY_BYTES])
{
	static const char *const formats[] = {
		[COPY_FOR_USER] = COPY_DIRECTORY "-%u",
		[COPY_FOR_GROUP] = COPY_DIRECTORY "-group-%u",
		[COPY_FOR_ALL] = COPY_DIRECTORY,
	};

	text_format(name, COPY_DIRECTORY_BYTES, formats[copy->readers],
		    copy->readers == COPY_FOR_GROUP ? copy->group : copy->user);
}
