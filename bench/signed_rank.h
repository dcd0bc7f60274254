/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The paired test of Wilcoxon, one-sided: how likely such differences are, or larger ones, where in
 * truth there is none. Exact up to SIGNED_RANK_EXACT pairs, and by the normal distribution beyond;
 * differences of zero do not count.
 */
#ifndef SIGNED_RANK_H
#define SIGNED_RANK_H

#include <math.h>
#include <stdlib.h>

#define SIGNED_RANK_EXACT 50

static int signed_rank_compare(const void *left, const void *right)
{
	double difference = fabs(*(const double *)left) - fabs(*(const double *)right);

	return difference > 0 ? 1 : difference < 0 ? -1 : 0;
}

/* The share of all choices of signs of 1..n that have at least this sum. */
static double signed_rank_exact(int n, double sum)
{
	static double ways[SIGNED_RANK_EXACT * (SIGNED_RANK_EXACT + 1) / 2 + 1];
	const int all = n * (n + 1) / 2;
	double share = 0;

	for (int i = 0; i <= all; i++)
		ways[i] = !i;
	for (int rank = 1; rank <= n; rank++)
		for (int i = all; i >= 0; i--)
			ways[i] = (ways[i] + (i >= rank ? ways[i - rank] : 0)) / 2;
	for (int i = (int)ceil(sum); i <= all; i++)
		share += ways[i];
	return share;
}

/* differences: sorted by this. Small: they are rather above zero. */
static double signed_rank(double *differences, int count)
{
	double sum = 0, mean, deviation;
	int zeroes = 0, n;

	qsort(differences, (size_t)count, sizeof(double), signed_rank_compare);
	while (zeroes < count && differences[zeroes] == 0)
		zeroes++;
	n = count - zeroes;
	if (!n)
		return 1;
	for (int i = zeroes; i < count; i++)
		if (differences[i] > 0)
			sum += i - zeroes + 1;
	if (n <= SIGNED_RANK_EXACT)
		return signed_rank_exact(n, sum);
	mean = n * (n + 1.0) / 4;
	deviation = sqrt(n * (n + 1.0) * (2.0 * n + 1) / 24);
	return erfc((sum - mean - 0.5) / deviation / sqrt(2)) / 2;
}

#endif
