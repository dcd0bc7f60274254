/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The statistics of --compare: a paired t-test on the logarithms of ratios. Runs are paired,
 * because a temporary slowdown of the machine affects both runs of a pair.
 */
#include <math.h>
#include <stdlib.h>

#include "tools/hugectl/compare.h"

static int by_value(const void *a, const void *b)
{
	const double first = *(const double *)a, second = *(const double *)b;

	return first < second ? -1 : first > second;
}

double median_of(double *values, int count)
{
	qsort(values, (size_t)count, sizeof(*values), by_value);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

/* Student's t for 95 %, two-sided, by degrees of freedom. */
static double t_of(int degrees)
{
	static const double t[] = {
		0,     12.71, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
		2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086, 2.080,
		2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
	};
	const int last = sizeof(t) / sizeof(t[0]) - 1;

	return degrees <= last ? t[degrees] : 1.96 + 2.46 / degrees;
}

struct ratio ratio_of(const double *plain, const double *other, int count)
{
	struct ratio ratio = {0};
	double sum = 0, squares = 0, width;

	if (count < 2)
		return ratio;
	for (int i = 0; i < count; i++) {
		if (plain[i] <= 0 || other[i] <= 0)
			return ratio;
		sum += log(other[i] / plain[i]);
	}
	for (int i = 0; i < count; i++) {
		const double off = log(other[i] / plain[i]) - sum / count;

		squares += off * off;
	}
	width = t_of(count - 1) * sqrt(squares / (count - 1) / count);
	ratio = (struct ratio){exp(sum / count), exp(sum / count - width), exp(sum / count + width),
			       true};
	return ratio;
}
