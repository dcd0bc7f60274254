/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the ABI of x86-64 defines for a thread.
 */
#ifndef CPU_LAYOUT_H
#define CPU_LAYOUT_H

#define CPU_SELF "%%fs:0"

#include "../x86/layout.h"

#endif
