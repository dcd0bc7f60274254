#!/bin/bash
# perl gives the same output: hashes, sorting, regular expressions, fork and pipes.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program perl
cat >"$work/program.pl" <<-'END'
	use strict;
	my (%count, @list);
	for my $i (1 .. 300000) { $count{"key" . ($i * 7919 % 100003)} += $i; push @list, "line $i" if $i % 3 == 0; }
	my $text = join "\n", @list;
	my $digits = () = $text =~ /\d/g;
	print scalar(keys %count), " $digits ", (sort { $count{$a} <=> $count{$b} } keys %count)[0], "\n";
	pipe(my $in, my $out);
	if (fork == 0) { close $in; $count{child} = 1; print $out scalar(keys %count); close $out; exit 0; }
	close $out; print <$in>, "\n"; wait; print $?, " ", `echo backtick`;
	exit 4;
END
same_as_plain "${program_settings[@]}" -- perl "$work/program.pl"
[ "$plain_status" = 4 ] || { show "$work/plain.err"; fail "perl itself fails"; }
