/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Names of the kernel's errors, for messages.
 */
#ifndef ERROR_H
#define ERROR_H

/*
 * "ENOMEM" for ENOMEM or -ENOMEM, without malloc or locale; "error" for a number without a name
 * here, which a caller prints with the number.
 */
const char *error_name(long error);

#endif
