#!/bin/bash
# Every source file names its licence in its head, as tests/spdx --update puts it there.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"

"$tests/spdx" >"$work/missing" || { show "$work/missing"; fail "run tests/spdx --update"; }
# a file without the line is found, and gets one
mkdir -p "$work/tree/tests" && cp "$tests/spdx" "$work/tree/tests/"
printf '/*\n * A file.\n */\nint i;\n' >"$work/tree/a.c"
printf '#!/bin/sh\n# Says it.\necho it\n' >"$work/tree/b.sh"
"$work/tree/tests/spdx" | diff <(printf 'no licence in %s\n' a.c b.sh) - || fail "not those two"
"$work/tree/tests/spdx" --update && "$work/tree/tests/spdx" || fail "--update leaves one"
sh "$work/tree/b.sh" | grep -qx it || fail "--update breaks a script"
