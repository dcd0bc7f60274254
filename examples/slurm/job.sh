#!/bin/bash
#SBATCH --ntasks=8
#SBATCH --comment=hugepages=2M:256
#SBATCH --output=job-%j.out
# Eight ranks with their heaps on huge pages, all in one report: each adds its table.
srun hugectl --heap --mmap --report="job-$SLURM_JOB_ID.report" "$@"
hugestat --users
