# Generates a source file as work for a C compiler. Sourced by demo, run and the tests.
# SPDX-License-Identifier: LGPL-2.1-or-later

# generate_source <functions>: a few milliseconds of work each.
generate_source() {
	local i
	echo '#include <stdio.h>'
	echo '#include <stdlib.h>'
	for ((i = 0; i < $1; i++)); do
		cat <<-END
			struct s$i { int key; double value[$((i % 7 + 1))]; struct s$i *next; };
			static int compare$i(const void *a, const void *b)
			{
				return ((const struct s$i *)a)->key - ((const struct s$i *)b)->key;
			}
			int function$i(struct s$i *list, int n)
			{
				int sum = $i;
				for (int i = 0; i < n; i++)
					sum += list[i].key * (int)list[i].value[0] ^ (sum >> $((i % 5)));
				qsort(list, n, sizeof(*list), compare$i);
				return printf("%d %d\n", sum, list[0].key);
			}
		END
	done
}
