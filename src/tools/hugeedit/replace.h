/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing the changed file. */
#ifndef REPLACE_H
#define REPLACE_H

#include "tools/hugeedit/image.h"

/*
 * Writes the image's content to a new file beside the old one, with its owner, mode and extended
 * attributes, and renames it over the old one: who runs the old file goes on with it. On failure
 * one line was written, the old file is as it was and the new one is gone.
 */
int replace_file(const struct image *image);

#endif
