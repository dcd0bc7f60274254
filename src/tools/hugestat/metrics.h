/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --metrics: what hugestat knows as OpenMetrics text, which is also in the format that the textfile
 * collector of Prometheus' node exporter reads. Counters have no TYPE line: the two formats name it
 * in different ways.
 */
#ifndef HUGESTAT_METRICS_H
#define HUGESTAT_METRICS_H

#include "tools/hugestat/options.h"

/* Of the system, and of the processes of the operands by part and kind of page. Into the output
 * file, which is replaced at once, or on standard output. Returns an exit status. */
int write_metrics(const struct hugestat_options *options);

#endif
