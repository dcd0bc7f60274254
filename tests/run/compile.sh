# For program-gcc.sh and program-clang.sh: a generated file, compiled plain and under the library.

generate_source() {
	echo '#include <stdio.h>'
	echo '#include <stdlib.h>'
	for i in {1..300}; do
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

compile_with() {
	need_program "$1"
	generate_source >"$work/source.c"
	same_as_plain "${program_settings[@]}" -- "$1" -O2 -g -S "$work/source.c" -o -
	[ "$plain_status" = 0 ] || { show "$work/plain.err"; fail "$1 itself fails"; }
	"$1" -O2 -c "$work/source.c" -o "$work/plain.o" || fail "$1 itself fails"
	preloaded "${program_settings[@]}" "$1" -O2 -c "$work/source.c" -o "$work/ours.o" || fail "$1 -c"
	cmp "$work/plain.o" "$work/ours.o" || fail "another object"
}
