/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * --metrics: hugestat's figures as OpenMetrics text, which is also in the format that the textfile
 * collector of Prometheus' node exporter reads. Counters have no TYPE line, because the two formats
 * name them differently.
 */
#ifndef HUGESTAT_METRICS_H
#define HUGESTAT_METRICS_H

#include "tools/hugestat/options.h"

/* Writes figures of the system, and of the processes of the operands by part and kind of page. To
 * the output file, which is replaced in one step, or to standard output. Returns an exit status. */
int write_metrics(const struct hugestat_options *options);

#endif
