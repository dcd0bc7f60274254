#!/bin/bash
# At least 90 % of python3's 500M of small objects, and of numpy's arrays, is on huge pages, and the
# output is the same.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 350 2M
need_program python3

cat >"$work/objects.py" <<-'END'
	import os, sys
	sys.path.insert(0, sys.argv[1])
	sys.dont_write_bytecode = True
	from huge_share import share
	rows, names = [], {}
	for i in range(1500000):
	    rows.append([i, str(i), float(i)])
	    if i % 2:
	        names[str(i) + "x"] = (i, "v%d" % i)
	least = os.environ.get("LEAST")
	if least and share() < float(least):
	    sys.exit("a share of %.3f" % share())
	print(len(rows), len(names), sum(len(row[1]) for row in rows))
END
cat >"$work/arrays.py" <<-'END'
	import os, sys
	sys.path.insert(0, sys.argv[1])
	sys.dont_write_bytecode = True
	import numpy
	from huge_share import share
	arrays = [numpy.ones(1000003 * k) for k in range(1, 9)]
	everything = numpy.concatenate(arrays)
	least = os.environ.get("LEAST")
	if least and share() < float(least):
	    sys.exit("a share of %.3f" % share())
	everything.resize(40000000, refcheck=False)
	print(everything.sum(), numpy.sort(everything[::1001])[0], (everything.reshape(-1, 1000) * 2).sum())
END
same_as_plain HUGETLB_MORECORE=yes HUGETLB_MMAP=256K LEAST=0.9 -- python3 "$work/objects.py" "$tests/helpers"
[ "$plain_status" = 0 ] || { show "$work/plain.err"; fail "python3 itself fails"; }
compact
same_as_plain HUGETLB_MORECORE=thp HUGETLB_MMAP=256K,thp LEAST=0.9 -- python3 "$work/objects.py" "$tests/helpers"
python=
for candidate in python3 /usr/bin/python3; do
	"$candidate" -c 'import numpy' 2>/dev/null && python=$candidate
done
[ -n "$python" ] || { echo "without numpy, which is not installed"; exit 0; }
same_as_plain HUGETLB_MMAP=yes LEAST=0.95 -- "$python" "$work/arrays.py" "$tests/helpers"
same_as_plain HUGETLB_MORECORE=yes HUGETLB_MMAP=256K LEAST=0.95 -- "$python" "$work/arrays.py" "$tests/helpers"
