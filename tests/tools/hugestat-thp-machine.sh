#!/bin/bash
# hugestat --pages without a process counts transparent huge pages of each size of the machine and of each
# memory cgroup: a cgroup with one process has what that process has, to the page.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

hugestat=$BUILD/bin/hugestat
[ -x "$hugestat" ] || skip "hugestat was not built: it needs libelf"
need_root
need_program python3
[ -r /proc/kpageflags ] || skip "no /proc/kpageflags"

"$hugestat" --pages >"$work/out" || fail "exit status $?"
! grep -qE '^.{81}' "$work/out" || { show "$work/out"; fail "more than 80 columns"; }
"$hugestat" --pages --verbose --json >"$work/json" || fail "exit status $?"
python3 - "$work/json" >"$work/said" <<'END' || { show "$work/said"; fail "the machine's sums"; }
import json, sys
machine = json.load(open(sys.argv[1]))
huge = sum(s["anonymous_kb"] for s in machine["sizes"] if s["page_kb"] == 2048)
counted = [int(line.split()[1]) for line in open("/proc/meminfo") if line.startswith("AnonHugePages")][0]
# other programs come and go, and a page that is mapped in part counts here only
assert huge >= counted / 2, (huge, counted)
if machine["cgroups"]:
    for size in machine["sizes"]:
        groups = sum(s["anonymous_kb"] for g in machine["cgroups"] for s in g["sizes"] if s["page_kb"] == size["page_kb"])
        assert groups == size["anonymous_kb"], (size, groups)
END
if command -v setpriv >/dev/null; then
	chmod 711 "$work"
	cp "$hugestat" "$work/hugestat"
	setpriv --reuid 65534 --clear-groups "$work/hugestat" --pages >"$work/out" 2>"$work/err" && fail "no rights are no failure"
	grep -q '^hugestat: /proc/kpageflags: .* (root may read it)$' "$work/err" || { show "$work/err"; fail "another line"; }
fi

[ -r /proc/kpagecgroup ] || skip "the rest: the kernel has no memory controller"
hierarchy=$(awk '$3 == "cgroup" && $4 ~ /(^|,)memory(,|$)/ { print $2; exit }' /proc/mounts)
[ -n "$hierarchy" ] || hierarchy=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)
group=/libhugetlbfs-test-$$
[ -n "$hierarchy" ] && mkdir "$hierarchy$group" || skip "the rest: no memory cgroup can be made"
at_end "for i in {1..50}; do rmdir $hierarchy$group && break; sleep 0.1; done"
thp=/sys/kernel/mm/transparent_hugepage
if [ -e $thp/hugepages-64kB/enabled ]; then
	before=$(sed 's/.*\[\(.*\)\].*/\1/' $thp/hugepages-64kB/enabled)
	at_end "echo $before >$thp/hugepages-64kB/enabled"
	echo madvise >$thp/hugepages-64kB/enabled || fail "64K pages can't be switched on"
fi

mkfifo "$work/wait"
compact
(
	echo "$BASHPID" >"$hierarchy$group/cgroup.procs" || exit
	exec python3 -c '
import mmap, sys
def mapping(kb):
    memory = mmap.mmap(-1, kb << 10, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS)
    memory.madvise(mmap.MADV_HUGEPAGE)
    for page in range(0, kb << 10, 4096):
        memory[page] = 1
    return memory
large, guard, short = mapping(6 << 10), mmap.mmap(-1, 4096, prot=0), mapping(1 << 10)
print("ready", flush=True)
sys.stdin.read()'
) <"$work/wait" >"$work/ready" 2>"$work/err" 9>&- &
program=$!
at_end "exec 8>&-; wait $program 2>/dev/null"
exec 8>"$work/wait"
until_written "$work/ready" $program || { show "$work/err"; fail "the program is not ready"; }

# khugepaged may be at work: both figures agree at one of some tries
agrees() {
	"$hugestat" --pages --json "$program" >"$work/process" && "$hugestat" --pages --json >"$work/json" || fail "exit status $?"
	python3 - "$work/process" "$work/json" "$group" >"$work/said" 2>&1 <<'END'
import json, sys
parts = json.load(open(sys.argv[1]))[0]["frames"]["thp_kb_by_size_kb"]
machine = json.load(open(sys.argv[2]))
of_process, of_group = {}, {}
for part, sizes in parts.items():
    for size, kb in sizes.items():
        # files are charged to the group that read them first
        if part in ("heap (main)", "heap (threads, large blocks)", "other mappings", "stacks"):
            of_process[int(size)] = of_process.get(int(size), 0) + kb
groups = [g for g in machine["cgroups"] if g["path"] == sys.argv[3]]
assert len(groups) == 1, [g["path"] for g in machine["cgroups"]]
for size in groups[0]["sizes"]:
    if size["anonymous_kb"]:
        of_group[size["page_kb"]] = size["anonymous_kb"]
assert of_process == of_group, (of_process, of_group)
assert of_group.get(2048, 0) >= 4096, of_group
END
}
tries=0
until agrees; do
	((tries++ < 50)) || { show "$work/said"; fail "the cgroup has other sizes than its process"; }
	sleep 0.2
done
if [ -e $thp/hugepages-64kB/enabled ]; then
	grep -A 12 "^  $group\$" <("$hugestat" --pages --verbose) | grep -qE '^  64K +[1-9]' || fail "64K pages are not shown"
fi
exec 8>&-
