# A tool built with AddressSanitizer; sourced by tests that give it damaged files.
# SPDX-License-Identifier: LGPL-2.1-or-later

# build_sanitized <tool>: into $BUILD/sanitized/bin. Skips where the compiler or libelf is missing.
build_sanitized() {
	local tool=$1 flags="-O1 -g -fsanitize=address,undefined -fno-sanitize-recover=all"
	local compiler=${CC:-cc}
	# shellcheck disable=SC2086 # words
	echo 'int main(void) { return 0; }' |
		"$compiler" $flags -x c - -o "$work/sanitized" 2>/dev/null && "$work/sanitized" ||
		skip "needs a compiler with AddressSanitizer"
	"${MAKE:-make}" --no-print-directory -C "$(dirname "$0")/../.." BUILD="$BUILD/sanitized" CFLAGS="$flags" \
		"$BUILD/sanitized/bin/$tool" >"$work/build" 2>&1 || {
		grep -q "No rule to make target" "$work/build" && skip "$tool can't be built: it needs libelf"
		show "$work/build"
		fail "$tool does not build with AddressSanitizer"
	}
}
