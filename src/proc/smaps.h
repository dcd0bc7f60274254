/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Reads /proc/PID/smaps, mapping by mapping: the one parser for the API, the report and the tools.
 *
 * System calls only, no malloc: the library uses it in a destructor, and on any thread's stack (3
 * kB). Fields that this table lacks (from newer kernels) are skipped; fields that the kernel lacks
 * are 0 and not marked present.
 */
#ifndef SMAPS_H
#define SMAPS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/stream.h"

#define SMAPS_NAME_BYTES  512
#define SMAPS_FLAGS_BYTES 128

/* In kB, except for the last two. */
enum smaps_field {
	SMAPS_SIZE,
	SMAPS_KERNEL_PAGE,
	SMAPS_MMU_PAGE,
	SMAPS_RSS, /* does not count hugetlb pages */
	SMAPS_PSS,
	SMAPS_PSS_DIRTY,
	SMAPS_SHARED_CLEAN,
	SMAPS_SHARED_DIRTY,
	SMAPS_PRIVATE_CLEAN,
	SMAPS_PRIVATE_DIRTY,
	SMAPS_REFERENCED,
	SMAPS_ANONYMOUS,
	SMAPS_KSM,
	SMAPS_LAZY_FREE,
	SMAPS_ANON_HUGE,
	SMAPS_SHMEM_PMD,
	SMAPS_FILE_PMD,
	SMAPS_SHARED_HUGETLB,
	SMAPS_PRIVATE_HUGETLB,
	SMAPS_SWAP,
	SMAPS_SWAP_PSS,
	SMAPS_LOCKED,
	SMAPS_THP_ELIGIBLE, /* 0 or 1 */
	SMAPS_PROTECTION_KEY,
	SMAPS_FIELDS,
};

struct smaps_mapping {
	uint64_t start, end, offset, inode;
	unsigned int device_major, device_minor;
	char rights[5];                /* "rw-p" */
	char name[SMAPS_NAME_BYTES];   /* as the kernel writes it; empty: none; cut if longer */
	char flags[SMAPS_FLAGS_BYTES]; /* VmFlags */
	unsigned long value[SMAPS_FIELDS];
	uint32_t present; /* bit n: the kernel reported field n */
};

struct smaps {
	struct stream stream;
	char line[SMAPS_NAME_BYTES + 128];
	bool have_line; /* line holds the first line of the next mapping */
};

/* Are two mappings of one file? For any structs that have these members. */
#define SMAPS_SAME_FILE(a, b)                                                  \
	((a)->inode == (b)->inode && (a)->device_major == (b)->device_major && \
	 (a)->device_minor == (b)->device_minor)

/* The field's name in smaps, without the colon. */
const char *smaps_field_name(enum smaps_field field);

/* Returns 0 or -errno; after 0 the caller must call smaps_close(). Also reads /proc/PID/maps. */
int smaps_open(struct smaps *smaps, const char *path);
void smaps_close(struct smaps *smaps);

/* The next mapping. False: there is none. */
bool smaps_next(struct smaps *smaps, struct smaps_mapping *mapping);

/* Is a word in the VmFlags of this process's mapping at an address? Also false without smaps. */
bool smaps_own_flag(uintptr_t address, const char *flag);

/* Memory on hugetlb pages, in kB. */
unsigned long smaps_hugetlb_kb(const struct smaps_mapping *mapping);

/* Does the mapping have hugetlb pages, present or not? Without VmFlags (on kernels that lack them),
 * only if one is present. */
bool smaps_is_hugetlb(const struct smaps_mapping *mapping);

/* Private, readable and writable memory without a file or a name. */
bool smaps_is_anonymous(const struct smaps_mapping *mapping);

#endif
