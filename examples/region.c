/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Adds up a large array that is on huge pages if there are any, otherwise on small ones. */
#include <hugetlbfs.h>
#include <stdio.h>

int main(void)
{
	const size_t count = 10000000;
	double sum = 0, *numbers = get_hugepage_region(count * sizeof(*numbers), GHR_DEFAULT);

	if (!numbers) {
		perror("get_hugepage_region");
		return 1;
	}
	for (size_t i = 0; i < count; i++)
		numbers[i] = (double)i;
	for (size_t i = 0; i < count; i++)
		sum += numbers[i];
	printf("%.0f\n", sum);
	free_hugepage_region(numbers);
	return 0;
}
