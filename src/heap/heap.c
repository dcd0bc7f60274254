/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The heap as a whole: see heap.h.
 */
#include "heap/heap.h"

struct heap heap;
