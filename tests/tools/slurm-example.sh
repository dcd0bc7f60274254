#!/bin/bash
# The prolog and epilog for Slurm in examples/slurm reserve and give back what the job's comment asks for,
# and do nothing for a job that does not ask.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_root
need_program flock
slurm=$tests/../examples/slurm
state=/run/libhugetlbfs-slurm
[ ! -e $state ] || skip "Slurm is in use here"
at_end "rm -rf $state"
mkdir "$work/bin"
# as scontrol show job prints it
printf '#!/bin/sh\necho "JobId=$3 JobName=job"; echo "   Command=(null)"; cat %s/comment 2>/dev/null\n' \
	"$work" >"$work/bin/scontrol"
chmod +x "$work/bin/scontrol"
export PATH=$work/bin:$BUILD/bin:$PATH SLURM_JOB_ID=4711
set_pool 20
overcommit=$(pool_value 2M nr_overcommit_hugepages)

echo '   Comment=hugepages=2M:7 ' >"$work/comment"
"$slurm/prolog" >"$work/out" 2>&1 || { show "$work/out"; fail "prolog: exit status $?"; }
[ "$(pool_value 2M nr_hugepages)" = 27 ] || fail "the job's pages are not in the pool"
SLURM_JOB_ID=4712 "$slurm/epilog" || fail "epilog of another job: exit status $?"
[ "$(pool_value 2M nr_hugepages)" = 27 ] || fail "another job's epilog takes the pages"
"$slurm/epilog" >"$work/out" 2>&1 || { show "$work/out"; fail "epilog: exit status $?"; }
[ "$(pool_value 2M nr_hugepages)" = 20 ] || fail "the pages are not given back"
[ "$(pool_value 2M nr_overcommit_hugepages)" = "$overcommit" ] || fail "the pool may grow by the job's pages"
[ ! -e $state/4711 ] || fail "the job is not forgotten"

# no wish, and one that cannot be met: the job is held
rm "$work/comment"
"$slurm/prolog" || fail "a job without a wish: exit status $?"
[ "$(pool_value 2M nr_hugepages)" = 20 ] || fail "pages for a job that asked for none"
echo '   Comment=hugepages=512M:1' >"$work/comment"
"$slurm/prolog" >"$work/out" 2>&1 && fail "a wish that cannot be met is no failure"
[ ! -e $state/4711 ] || fail "pages that are not there would be given back"
[ "$(pool_value 2M nr_hugepages)" = 20 ] || fail "a part of the wish is kept: $(pool_value 2M nr_hugepages) pages"
