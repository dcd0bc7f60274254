#!/bin/bash
# At least 95 % of a 1 GB java heap is on huge pages, and the output is the same.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_pages 600 2M
need_program java
java --list-modules 2>/dev/null | grep -q '^jdk.compiler' || skip "needs a JDK"
cat >"$work/Program.java" <<-'END'
	import java.nio.file.*;
	import java.util.*;

	public class Program {
		/* Of the mapping range with the most memory: there the heap's objects lie, below 4 or 32 GB. */
		static double share() throws Exception {
			long huge = 0, total = 0, to = 0, most = 0, mostHuge = 0;
			for (String line : Files.readAllLines(Path.of("/proc/self/smaps"))) {
				if (line.matches("^[0-9a-f]+-[0-9a-f]+ .*")) {
					long start = Long.parseUnsignedLong(line.substring(0, line.indexOf('-')), 16);
					if (start != to) huge = total = 0;
					to = Long.parseUnsignedLong(line.substring(line.indexOf('-') + 1, line.indexOf(' ')), 16);
				}
				String[] words = line.split("\\s+");
				long kb = words.length > 1 && words[1].matches("\\d+") ? Long.parseLong(words[1]) : 0;
				if (line.startsWith("Rss:")) total += kb;
				if (line.startsWith("AnonHugePages:")) huge += kb;
				if (line.startsWith("Private_Hugetlb:")) { huge += kb; total += kb; }
				if (to < (1L << 36) && total >= most) { most = total; mostHuge = huge; }
			}
			return most == 0 ? 0 : (double) mostHuge / most;
		}
		public static void main(String[] arguments) throws Exception {
			List<byte[]> kept = new ArrayList<>();
			long sum = 0;
			for (int i = 0; i < 2600; i++) {
				byte[] block = new byte[1 << 18];
				Arrays.fill(block, (byte) i);
				kept.add(block);
			}
			for (byte[] block : kept) for (int j = 0; j < block.length; j += 64) sum += block[j];
			System.out.println(sum);
			String least = System.getenv("LEAST");
			if (least != null && share() < Double.parseDouble(least)) {
				System.err.println("a share of " + share());
				System.exit(1);
			}
		}
	}
END
same_as_plain HUGETLB_MMAP=yes LEAST=0.95 -- java -Xmx1g "$work/Program.java"
[ "$plain_status" = 0 ] || { show "$work/plain.err"; fail "java itself fails"; }
compact
same_as_plain HUGETLB_MMAP=yes,thp LEAST=0.95 -- java -Xmx1g "$work/Program.java"
