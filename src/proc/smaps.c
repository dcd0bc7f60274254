/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * /proc/PID/smaps: see smaps.h.
 */
#include <string.h>

#include "base/words.h"
#include "proc/smaps.h"

/* In the kernel's order, so that the next field is nearly always the first one that is compared. */
static const char field_names[SMAPS_FIELDS][sizeof("Private_Hugetlb")] = {
	[SMAPS_SIZE] = "Size",
	[SMAPS_KERNEL_PAGE] = "KernelPageSize",
	[SMAPS_MMU_PAGE] = "MMUPageSize",
	[SMAPS_RSS] = "Rss",
	[SMAPS_PSS] = "Pss",
	[SMAPS_PSS_DIRTY] = "Pss_Dirty",
	[SMAPS_SHARED_CLEAN] = "Shared_Clean",
	[SMAPS_SHARED_DIRTY] = "Shared_Dirty",
	[SMAPS_PRIVATE_CLEAN] = "Private_Clean",
	[SMAPS_PRIVATE_DIRTY] = "Private_Dirty",
	[SMAPS_REFERENCED] = "Referenced",
	[SMAPS_ANONYMOUS] = "Anonymous",
	[SMAPS_KSM] = "KSM",
	[SMAPS_LAZY_FREE] = "LazyFree",
	[SMAPS_ANON_HUGE] = "AnonHugePages",
	[SMAPS_SHMEM_PMD] = "ShmemPmdMapped",
	[SMAPS_FILE_PMD] = "FilePmdMapped",
	[SMAPS_SHARED_HUGETLB] = "Shared_Hugetlb",
	[SMAPS_PRIVATE_HUGETLB] = "Private_Hugetlb",
	[SMAPS_SWAP] = "Swap",
	[SMAPS_SWAP_PSS] = "SwapPss",
	[SMAPS_LOCKED] = "Locked",
	[SMAPS_THP_ELIGIBLE] = "THPeligible",
	[SMAPS_PROTECTION_KEY] = "ProtectionKey",
};

const char *smaps_field_name(enum smaps_field field)
{
	return field_names[field];
}

static const char *skip_spaces(const char *text)
{
	while (*text == ' ' || *text == '\t')
		text++;
	return text;
}

static void copy_text(char *to, size_t bytes, const char *from)
{
	size_t length = strlen(from);

	while (length && from[length - 1] == ' ')
		length--;
	if (length >= bytes)
		length = bytes - 1;
	memcpy(to, from, length);
	to[length] = '\0';
}

/*
 * "<start>-<end> rw-p <offset> <major>:<minor> <inode> <name>". A field's line begins with a
 * capital letter, so the two cannot be confused.
 */
static bool parse_first_line(const char *line, struct smaps_mapping *mapping)
{
	const char *at = line, *next;

	memset(mapping, 0, sizeof(*mapping));
	mapping->start = word_number(&at, 16);
	if (at == line || *at != '-')
		return false;
	next = ++at;
	mapping->end = word_number(&at, 16);
	if (at == next || *at != ' ')
		return false;
	for (int i = 0; i < 4; i++) {
		if (!at[i + 1])
			return false;
		mapping->rights[i] = at[i + 1];
	}
	at += 5;
	mapping->offset = word_number(&at, 16);
	mapping->device_major = (unsigned int)word_number(&at, 16);
	if (*at++ != ':')
		return false;
	mapping->device_minor = (unsigned int)word_number(&at, 16);
	mapping->inode = word_number(&at, 10);
	copy_text(mapping->name, sizeof(mapping->name), skip_spaces(at));
	return true;
}

/* Parses one field; the search begins at *expected, which is set to the field after the one
 * found. */
static void parse_field(const char *line, struct smaps_mapping *mapping, unsigned int *expected)
{
	const char *colon = strchr(line, ':'), *text;
	size_t length;

	if (!colon)
		return;
	length = (size_t)(colon - line);
	if (length == 7 && !memcmp(line, "VmFlags", 7)) {
		copy_text(mapping->flags, sizeof(mapping->flags), skip_spaces(colon + 1));
		return;
	}
	for (unsigned int i = 0; i < SMAPS_FIELDS; i++) {
		unsigned int field = (*expected + i) % SMAPS_FIELDS;

		if (strlen(field_names[field]) != length ||
		    memcmp(field_names[field], line, length))
			continue;
		text = colon + 1;
		mapping->value[field] = (unsigned long)word_number(&text, 10);
		mapping->present |= 1u << field;
		*expected = field + 1;
		return;
	}
}

int smaps_open(struct smaps *smaps, const char *path)
{
	smaps->have_line = false;
	return stream_open(&smaps->stream, path);
}

void smaps_close(struct smaps *smaps)
{
	stream_close(&smaps->stream);
}

bool smaps_next(struct smaps *smaps, struct smaps_mapping *mapping)
{
	unsigned int expected = 0;

	do {
		if (!smaps->have_line &&
		    !stream_line(&smaps->stream, smaps->line, sizeof(smaps->line)))
			return false;
		smaps->have_line = false;
	} while (!parse_first_line(smaps->line, mapping));

	while (stream_line(&smaps->stream, smaps->line, sizeof(smaps->line))) {
		if (smaps->line[0] < 'A' || smaps->line[0] > 'Z') {
			smaps->have_line = true;
			break;
		}
		parse_field(smaps->line, mapping, &expected);
	}
	return true;
}

bool smaps_own_flag(uintptr_t address, const char *flag)
{
	struct smaps_mapping mapping;
	struct smaps smaps;
	bool found = false;

	if (smaps_open(&smaps, "/proc/self/smaps"))
		return false;
	while (!found && smaps_next(&smaps, &mapping) && mapping.start <= address)
		found = mapping.end > address && strstr(mapping.flags, flag);
	smaps_close(&smaps);
	return found;
}

unsigned long smaps_hugetlb_kb(const struct smaps_mapping *mapping)
{
	return mapping->value[SMAPS_SHARED_HUGETLB] + mapping->value[SMAPS_PRIVATE_HUGETLB];
}

bool smaps_is_hugetlb(const struct smaps_mapping *mapping)
{
	return smaps_hugetlb_kb(mapping) || strstr(mapping->flags, "ht");
}

bool smaps_is_anonymous(const struct smaps_mapping *mapping)
{
	return mapping->rights[0] == 'r' && mapping->rights[1] == 'w' &&
	       mapping->rights[3] == 'p' && !mapping->device_major && !mapping->device_minor &&
	       !mapping->inode && !mapping->name[0];
}
