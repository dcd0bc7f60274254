#!/bin/bash
#SBATCH --ntasks=8
#SBATCH --comment=hugepages=2M:256
#SBATCH --output=job-%j.out
# Eight ranks with their heaps on huge pages, with one report for the job: each rank adds its table.
#   sbatch job.sh ./program
# Tried with MPICH (SRUN_MPI=pmi2) and Open MPI (SRUN_MPI=pmix).
# SPDX-License-Identifier: LGPL-2.1-or-later

# UCX patches libc, which keeps the heap from growing on huge pages.
export UCX_MEM_EVENTS=no
srun ${SRUN_MPI:+--mpi=$SRUN_MPI} hugectl --heap --mmap --report="job-$SLURM_JOB_ID.report" "$@"
