#!/bin/bash
# python3 gives the same output: json, regular expressions, big numbers, threads, processes, modules
# in C.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program python3
cat >"$work/program.py" <<-'END'
	import hashlib, json, multiprocessing, re, subprocess, sys, threading, zlib

	def work(seed):
	    rows = [{"key": i * seed, "text": "row %d " % i * 3, "list": list(range(i % 17))} for i in range(20000)]
	    text = json.dumps(rows)
	    words = re.findall(r"row (\d+)", text)
	    packed = zlib.compress(text.encode())
	    assert json.loads(zlib.decompress(packed)) == rows
	    return hashlib.sha256(text.encode()).hexdigest(), len(words)

	results = [None] * 4
	def run(i):
	    results[i] = work(i + 1)

	if __name__ == "__main__":
	    threads = [threading.Thread(target=run, args=(i,)) for i in range(4)]
	    for thread in threads: thread.start()
	    for thread in threads: thread.join()
	    print(results)
	    with multiprocessing.get_context("fork").Pool(3) as pool:
	        print(pool.map(work, range(1, 7)) == [work(i) for i in range(1, 7)])
	    import ctypes, decimal, sqlite3
    compare = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.POINTER(ctypes.c_int), ctypes.POINTER(ctypes.c_int))
    numbers = (ctypes.c_int * 5000)(*[i * 7919 % 5003 for i in range(5000)])
    ctypes.CDLL(None).qsort(numbers, 5000, 4, compare(lambda a, b: a[0] - b[0]))
    print(list(numbers) == sorted(numbers), decimal.Decimal(2).sqrt(decimal.Context(prec=200)))
    print(sqlite3.connect(":memory:").execute("select sum(length(hex(randomblob(10)))), 355.0 / 113").fetchall())
    print(3 ** 200000 % 10 ** 40, sum(bytearray(b"\1" * 50_000_000)))
	    print(subprocess.run(["/bin/echo", "child"], capture_output=True).stdout)
	    sys.exit(5)
END
same_as_plain "${program_settings[@]}" -- python3 "$work/program.py"
[ "$plain_status" = 5 ] || { show "$work/plain.err"; fail "python3 itself fails"; }
