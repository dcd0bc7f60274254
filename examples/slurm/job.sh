#!/bin/bash
#SBATCH --ntasks=8
#SBATCH --comment=hugepages=2M:256
#SBATCH --output=job-%j.out
# Eight ranks with their heaps on huge pages, and one report for the job:
# each rank adds its table, and the last line is their sum.
#   sbatch job.sh ./program
# Not --auto: for blocks of 1M it takes transparent huge pages, and these are reserved for this job.
# Tried with MPICH (SRUN_MPI=pmi2) and Open MPI (SRUN_MPI=pmix).
# SPDX-License-Identifier: LGPL-2.1-or-later

# UCX patches libc, which keeps the heap from growing on huge pages.
export UCX_MEM_EVENTS=no
report=job-$SLURM_JOB_ID.report
srun ${SRUN_MPI:+--mpi=$SRUN_MPI} hugectl --heap --mmap --report="$report" "$@"
status=$?
# "  all  <kB in memory>  <kB on each kind of page> ...  <share> %"
awk '$1 == "all" { ranks++; kb += $2; huge += $2 * $(NF - 1) / 100 }
	END { if (kb) printf "%d processes: %d MB in memory, %d MB (%.1f %%) on huge pages\n", ranks, kb / 1024,
		huge / 1024, 100 * huge / kb }' "$report" | tee -a "$report"
exit $status
