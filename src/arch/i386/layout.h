/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the ABI of i386 defines for a thread.
 */
#ifndef CPU_LAYOUT_H
#define CPU_LAYOUT_H

#define CPU_SELF "%%gs:0"

#include "../x86/layout.h"

#endif
