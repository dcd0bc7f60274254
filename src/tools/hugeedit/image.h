/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * An ELF file for hugeedit: a copy in memory, its program headers checked one by one, and the
 * changes to them.
 */
#ifndef IMAGE_H
#define IMAGE_H

#include <gelf.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/stat.h>

/* A flag in a program header: libhugetlbfs puts this segment on huge pages by default. */
#define PF_LINUX_HUGETLB 0x100000

struct image {
	const char *path; /* as the user gave it; used in messages */
	int descriptor;
	struct stat status;
	void *content; /* the whole file, private: changes here do not reach the file */
	size_t bytes;
	Elf *elf;
	int class; /* ELFCLASS32 or ELFCLASS64 */
	int type;  /* ET_EXEC or ET_DYN */
	bool has_interpreter;
	size_t header_offset;      /* file offset of the program headers */
	size_t header_entry_bytes; /* size of one of them */
	size_t header_count;
	GElf_Phdr *headers; /* changed by the edit_ functions, written by image_store_headers() */
};

/*
 * Opens and checks a file. On failure one line was printed to stderr and nothing needs to be freed;
 * on success the caller must call image_close().
 */
int image_open(struct image *image, const char *path);
void image_close(struct image *image);

/* Copies the headers into the content; true if that changed it. */
bool image_store_headers(struct image *image);

/* Prints "hugeedit: <path>: <format>" to stderr and returns -EINVAL. */
int image_refuse(const struct image *image, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* A loaded segment is of one of these three kinds. */
static inline bool header_is_data(const GElf_Phdr *header)
{
	return header->p_type == PT_LOAD && header->p_flags & PF_W;
}

static inline bool header_is_text(const GElf_Phdr *header)
{
	return header->p_type == PT_LOAD && !header_is_data(header) && header->p_flags & PF_X;
}

static inline bool header_is_constants(const GElf_Phdr *header)
{
	return header->p_type == PT_LOAD && !header_is_data(header) && !(header->p_flags & PF_X);
}

#endif
