/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The NUMA nodes of the machine, and where each has the files of its pools.
 */
#ifndef TOOLS_NODES_H
#define TOOLS_NODES_H

#include <stdbool.h>
#include <stddef.h>

#define MACHINE (-1) /* as a node: all nodes */

bool node_exists(int node);

/* The next online one after it; MACHINE: there are no more, or none at all. */
int node_next(int node);
int node_count(void);

/* A file of the pool of pages of that size, for a node or for the machine. */
void pool_path(char *path, size_t bytes, size_t page_bytes, int node, const char *file);

#endif
