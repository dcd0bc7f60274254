/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exchanges hugetlb pages for base pages with the same content, without disturbing other threads
 * that write to them: see exact.h for the means.
 *
 * Needs the lock (lock.h). A page is exchanged by one atomic call at the very end: a failure leaves
 * the page as it was. (If the kernel fails in the middle of that call, the content is copied into
 * the hole that it leaves: see pages/move.h.)
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange {
	uintptr_t address; /* whole huge pages of one kind */
	size_t bytes, page_bytes, base_bytes;
	int rights, key; /* for all of them */
	bool thp;        /* the base pages may become transparent huge pages */
	bool untouched;  /* there may be pages that were never touched (pages/first_touch.h) */
	bool sparse; /* what reads as zero gets no page, and stays without until it is touched */
};

/* The maximum size of the base pages of one exchange. */
#define EXCHANGE_BYTES_MAX ((size_t)16 << 20)

/*
 * Exchanges the pages one after the other. Returns 0, or an error of exact_run() such as -ENOMEM;
 * *done bytes from the start have been exchanged then.
 */
int exchange_pages(const struct exchange *exchange, size_t *done);

#endif
