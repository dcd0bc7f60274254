/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Exchanging hugetlb pages for base pages with the same content, while other threads write to them
 * and are not disturbed: see exact.h for how.
 *
 * Needs the lock (lock.h). A page is exchanged by one atomic call, which comes last: what fails
 * before leaves it as it was.
 */
#ifndef EXCHANGE_H
#define EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct exchange {
	uintptr_t address; /* whole huge pages of one kind */
	size_t bytes, page_bytes, base_bytes;
	int rights, key; /* of all of them */
	bool thp;        /* the base pages may become transparent huge pages */
	bool sparse; /* what reads as zero gets no page, and stays without until it is touched */
};

/* How many bytes of base pages one exchange may hold at the same time. */
#define EXCHANGE_BYTES_MAX ((size_t)16 << 20)

/*
 * Exchanges them, one after the other. 0; or an error of exact_run(), -ENOMEM among them. *done
 * bytes from the start are exchanged then.
 */
int exchange_pages(const struct exchange *exchange, size_t *done);

#endif
