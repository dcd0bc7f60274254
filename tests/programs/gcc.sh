#!/bin/bash
# gcc makes the same object of a file of some thousand lines, byte by byte.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/compile.sh"

compile_with gcc
