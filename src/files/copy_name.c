/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the copy of a file is called: see copy_name.h.
 */
#include "base/log.h"
#include "files/copy_name.h"

void copy_name(const struct statx *status, char name[COPY_NAME_BYTES])
{
	text_format(
		name, COPY_NAME_BYTES, "file-%lx.%lx-%lx%08lx-%lx%08lx-%lx.%lx-%lx.%lx",
		(unsigned long)status->stx_dev_major, (unsigned long)status->stx_dev_minor,
		(unsigned long)(status->stx_ino >> 32),
		(unsigned long)(status->stx_ino & UINT32_MAX),
		(unsigned long)(status->stx_size >> 32),
		(unsigned long)(status->stx_size & UINT32_MAX),
		(unsigned long)status->stx_mtime.tv_sec, (unsigned long)status->stx_mtime.tv_nsec,
		(unsigned long)status->stx_ctime.tv_sec, (unsigned long)status->stx_ctime.tv_nsec);
}
