#!/bin/bash
# clang: the object of a file of some thousand lines is the same, byte by byte.
. "$(dirname "$0")/lib.sh"
. "$(dirname "$0")/compile.sh"

compile_with clang
