#!/bin/bash
# With the clang of this machine nothing warns.
# Needs no huge pages.
# SPDX-License-Identifier: LGPL-2.1-or-later
. "$(dirname "$0")/../lib/test.sh"
. "$(dirname "$0")/../lib/builds.sh"

builds_with clang O2
