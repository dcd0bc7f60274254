#!/bin/bash
# git makes the same objects in a repository of 500 files with some history, which passes fsck.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

need_program git
cat >"$work/history.sh" <<-'END'
	set -e
	export HOME=/nonexistent GIT_CONFIG_NOSYSTEM=1 GIT_AUTHOR_DATE='2020-01-01T00:00:00Z' \
		GIT_COMMITTER_DATE='2020-01-01T00:00:00Z' GIT_AUTHOR_NAME=a GIT_AUTHOR_EMAIL=a@example.org \
		GIT_COMMITTER_NAME=a GIT_COMMITTER_EMAIL=a@example.org
	rm -rf "$1" && mkdir "$1" && cd "$1"
	git -c init.defaultBranch=main init -q .
	for i in $(seq 500); do seq "$i" $((i * 3)) >"file$i"; done
	git add . && git commit -qm first
	for turn in 1 2 3 4; do
		for i in $(seq "$turn" 17 500); do echo "turn $turn" >>"file$i"; done
		git commit -qam "turn $turn"
	done
	git checkout -q -b side HEAD~2 && echo side >side && git add side && git commit -qm side
	git checkout -q main && git merge -q side -m merge
	git gc -q && git fsck --full --strict
	git log --stat --format=%H | cat
	git rev-list --objects --all | sort | git hash-object --stdin
END
same_as_plain "${program_settings[@]}" -- bash "$work/history.sh" "$work/repository"
[ "$plain_status" = 0 ] || { show "$work/plain.err"; fail "git itself fails"; }
