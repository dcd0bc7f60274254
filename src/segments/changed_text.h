/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text that somebody has changed in this process: by a uprobe's breakpoint, or by a patch.
 */
#ifndef CHANGED_TEXT_H
#define CHANGED_TEXT_H

#include <stdbool.h>

#include "base/vector.h"
#include "segments/find.h"

/*
 * Takes changed pages out of the pieces of text (a list of struct plan_piece), so that no huge page
 * is planned over them: the kernel removes a uprobe's breakpoint, and executes what it replaced,
 * only where the page is that of its file. Text with relocations (DT_TEXTREL) is left as it is.
 * Returns how many base pages were taken out, or -ENOMEM with the list as it was. Without /proc:
 * none.
 */
long changed_text_exclude(struct vector *pieces, const struct found *found);

#endif
