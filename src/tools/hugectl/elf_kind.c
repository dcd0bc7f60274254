/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Determines the kind of program from an ELF file's headers: of either class, in this machine's
 * byte order. A truncated or inconsistent file counts as no ELF file; the kernel will report more.
 */
#include <elf.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "hugetlbfs.h"
#include "tools/hugectl/hugectl.h"

#define SEGMENTS_MAX 128
#define DYNAMIC_MAX  128

/* The headers of either class, in the wider format. */
struct segment {
	unsigned int type, flags;
	unsigned long long offset, address, bytes;
};

struct headers {
	Elf64_Ehdr file; /* type, machine and the other fields used below */
	struct segment segments[SEGMENTS_MAX];
	int count;
};

static bool read_at(int file, void *buffer, size_t bytes, unsigned long long offset)
{
	return pread(file, buffer, bytes, (off_t)offset) == (ssize_t)bytes;
}

static bool read_file_header(int file, Elf64_Ehdr *header)
{
	static const unsigned char own_order =
		__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? ELFDATA2LSB : ELFDATA2MSB;
	Elf32_Ehdr narrow;

	if (!read_at(file, &narrow, sizeof(narrow), 0) || memcmp(narrow.e_ident, ELFMAG, SELFMAG) ||
	    narrow.e_ident[EI_DATA] != own_order)
		return false;
	if (narrow.e_ident[EI_CLASS] == ELFCLASS64)
		return read_at(file, header, sizeof(*header), 0) &&
		       header->e_phentsize == sizeof(Elf64_Phdr);
	if (narrow.e_ident[EI_CLASS] != ELFCLASS32 || narrow.e_phentsize != sizeof(Elf32_Phdr))
		return false;
	*header = (Elf64_Ehdr){.e_type = narrow.e_type,
			       .e_machine = narrow.e_machine,
			       .e_phoff = narrow.e_phoff,
			       .e_phnum = narrow.e_phnum};
	memcpy(header->e_ident, narrow.e_ident, EI_NIDENT);
	return true;
}

static bool read_segment(int file, const Elf64_Ehdr *header, int index, struct segment *segment)
{
	if (header->e_ident[EI_CLASS] == ELFCLASS64) {
		Elf64_Phdr wide;

		if (!read_at(file, &wide, sizeof(wide), header->e_phoff + index * sizeof(wide)))
			return false;
		*segment = (struct segment){wide.p_type, wide.p_flags, wide.p_offset, wide.p_vaddr,
					    wide.p_filesz};
	} else {
		Elf32_Phdr narrow;

		if (!read_at(file, &narrow, sizeof(narrow),
			     header->e_phoff + index * sizeof(narrow)))
			return false;
		*segment = (struct segment){narrow.p_type, narrow.p_flags, narrow.p_offset,
					    narrow.p_vaddr, narrow.p_filesz};
	}
	return true;
}

static bool read_headers(int file, struct headers *headers)
{
	if (!read_file_header(file, &headers->file))
		return false;
	headers->count = headers->file.e_phnum;
	if (headers->count > SEGMENTS_MAX)
		return false;
	for (int i = 0; i < headers->count; i++)
		if (!read_segment(file, &headers->file, i, &headers->segments[i]))
			return false;
	return true;
}

static const struct segment *segment_of_type(const struct headers *headers, unsigned int type)
{
	for (int i = 0; i < headers->count; i++)
		if (headers->segments[i].type == type)
			return &headers->segments[i];
	return NULL;
}

static bool has_mark(const struct headers *headers)
{
	for (int i = 0; i < headers->count; i++)
		if (headers->segments[i].type == PT_LOAD &&
		    headers->segments[i].flags & PF_LINUX_HUGETLB)
			return true;
	return false;
}

/* Reads the entry of that index from the dynamic table; false: the table ends there. */
static bool read_dynamic(int file, const struct headers *headers, int index, Elf64_Dyn *entry)
{
	const struct segment *dynamic = segment_of_type(headers, PT_DYNAMIC);
	const bool wide = headers->file.e_ident[EI_CLASS] == ELFCLASS64;
	const size_t entry_bytes = wide ? sizeof(Elf64_Dyn) : sizeof(Elf32_Dyn);
	Elf32_Dyn narrow;

	if (!dynamic || index >= DYNAMIC_MAX || (index + 1) * entry_bytes > dynamic->bytes ||
	    !read_at(file, wide ? (void *)entry : (void *)&narrow, entry_bytes,
		     dynamic->offset + index * entry_bytes))
		return false;
	if (!wide)
		*entry = (Elf64_Dyn){.d_tag = narrow.d_tag, .d_un.d_val = narrow.d_un.d_val};
	return entry->d_tag != DT_NULL;
}

/* DF_1_PIE distinguishes a program from a shared object such as the dynamic linker, when that is
 * run. */
static bool is_marked_as_program(int file, const struct headers *headers)
{
	Elf64_Dyn entry;

	if (!segment_of_type(headers, PT_DYNAMIC))
		return true;
	for (int i = 0; read_dynamic(file, headers, i, &entry); i++)
		if (entry.d_tag == DT_FLAGS_1)
			return entry.d_un.d_val & DF_1_PIE;
	return false;
}

struct elf_kind elf_kind_of(const char *path)
{
	const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct elf_kind kind = {0};
	struct headers headers;

	if (file < 0)
		return kind;
	if (read_headers(file, &headers)) {
		kind.class_bits = headers.file.e_ident[EI_CLASS] == ELFCLASS64 ? 64 : 32;
		kind.machine = headers.file.e_machine;
		kind.has_mark = has_mark(&headers);
		kind.is_static =
			!segment_of_type(&headers, PT_INTERP) &&
			(headers.file.e_type == ET_EXEC || is_marked_as_program(file, &headers));
	}
	close(file);
	return kind;
}

/* The file offset of the address; 0: in no segment. */
static unsigned long long offset_of(const struct headers *headers, unsigned long long address)
{
	for (int i = 0; i < headers->count; i++) {
		const struct segment *segment = &headers->segments[i];

		if (segment->type == PT_LOAD && address - segment->address < segment->bytes)
			return segment->offset + (address - segment->address);
	}
	return 0;
}

/* The file offset of the dynamic table's names; 0: none. */
static unsigned long long names_offset(int file, const struct headers *headers)
{
	Elf64_Dyn entry;

	for (int i = 0; read_dynamic(file, headers, i, &entry); i++)
		if (entry.d_tag == DT_STRTAB)
			return offset_of(headers, entry.d_un.d_ptr);
	return 0;
}

static bool insists_on_being_first(const char *name)
{
	static const char *const runtimes[] = {"libasan.so", "libclang_rt.asan"};

	for (size_t i = 0; i < sizeof(runtimes) / sizeof(runtimes[0]); i++)
		if (!strncmp(name, runtimes[i], strlen(runtimes[i])))
			return true;
	return false;
}

static bool find_first(int file, const struct headers *headers, char *name, size_t bytes)
{
	const unsigned long long names = names_offset(file, headers);
	Elf64_Dyn entry;

	for (int i = 0; names && read_dynamic(file, headers, i, &entry); i++) {
		if (entry.d_tag != DT_NEEDED)
			continue;
		memset(name, 0, bytes);
		if (pread(file, name, bytes - 1, (off_t)(names + entry.d_un.d_val)) > 0 &&
		    insists_on_being_first(name))
			return true;
	}
	return false;
}

bool elf_needs_first(const char *path, char *name, size_t bytes)
{
	const int file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct headers headers;
	bool found;

	if (file < 0)
		return false;
	found = read_headers(file, &headers) && find_first(file, &headers, name, bytes);
	close(file);
	return found;
}
