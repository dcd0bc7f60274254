#!/bin/bash
# java gives the same output: its start, compiler, threads, collections and garbage collector.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program java
java --list-modules 2>/dev/null | grep -q '^jdk.compiler' || skip "needs a JDK"
cat >"$work/Program.java" <<-'END'
	import java.util.*;
	import java.util.stream.*;

	public class Program {
		static long work(int seed) {
			Map<String, List<Integer>> map = new TreeMap<>();
			for (int i = 0; i < 100000; i++)
				map.computeIfAbsent("key" + i * (long) seed % 1009, k -> new ArrayList<>()).add(i);
			return map.entrySet().stream().mapToLong(e -> e.getKey().hashCode() * 31L + e.getValue().size()).sum();
		}
		public static void main(String[] arguments) throws Exception {
			System.out.println(IntStream.range(1, 9).parallel().mapToLong(Program::work).sum());
			Thread[] threads = new Thread[8];
			long[] results = new long[8];
			for (int i = 0; i < 8; i++) { int n = i; threads[i] = new Thread(() -> results[n] = work(n + 1)); threads[i].start(); }
			for (Thread thread : threads) thread.join();
			System.out.println(Arrays.toString(results));
			for (int i = 0; i < 200; i++) { byte[] garbage = new byte[1 << 20]; garbage[i] = 1; }
			System.out.println(new String(Runtime.getRuntime().exec(new String[] {"echo", "child"}).getInputStream().readAllBytes()));
			System.exit(7);
		}
	}
END
same_as_plain "${program_settings[@]}" -- java -Xmx300m "$work/Program.java"
[ "$plain_status" = 7 ] || { show "$work/plain.err"; fail "java itself fails"; }
