/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes the changed file. */
#ifndef REPLACE_H
#define REPLACE_H

#include "tools/hugeedit/image.h"

/*
 * Writes the image's content to a new file next to the old one, with its owner, mode and extended
 * attributes, and renames it over the old one: processes that run the old file continue with it. On
 * failure one line was printed, the old file is unchanged and the new one is removed.
 */
int replace_file(const struct image *image);

#endif
