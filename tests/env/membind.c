/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * membind <node> <program> [argument ...]: starts a program whose memory comes from that node and
 * no other, as numactl --membind does.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define MODE_BIND 2 /* linux/mempolicy.h's MPOL_BIND */

int main(int argc, char **argv)
{
	unsigned long nodes;

	if (argc < 3)
		return 2;
	nodes = 1UL << atoi(argv[1]);
	if (syscall(SYS_set_mempolicy, MODE_BIND, &nodes, 8 * sizeof(nodes))) {
		perror("membind: set_mempolicy");
		return 2;
	}
	execvp(argv[2], argv + 2);
	perror(argv[2]);
	return 2;
}
