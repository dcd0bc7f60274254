/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opens the file that the argument names as descriptor 2, as a daemon does, and grows its heap. */
#include <fcntl.h>
#include "test.h"

int main(int count, char **arguments)
{
	int fd;

	CHECK(count == 2, "open-as-stderr FILE");
	close(2);
	fd = open(arguments[1], O_CREAT | O_TRUNC | O_WRONLY, 0600);
	CHECK(fd == 2 && write(2, "of the program\n", 15) == 15, "descriptor %d", fd);
	for (int i = 0; i < 2000; i++)
		memset(need(malloc(50000)), 1, 50000);
	return 0;
}
