/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Which policy confines a process, by the text of /proc/PID/attr/current.
 */
#include <string.h>

#include "proc/confinement.h"
#include "unit.h"

static void assert_described(const char *text, const char *expected)
{
	char label[128], out[96];

	assert_true(strlen(text) < sizeof(label));
	strcpy(label, text);
	assert_int_equal(confinement_of(label, out, sizeof(out)), *expected != '\0');
	assert_string_equal(out, expected);
}

static void contexts_of_selinux(void **state)
{
	(void)state;
	assert_described("system_u:system_r:postgresql_t:s0", "SELinux, domain postgresql_t");
	assert_described("unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023\n",
			 "SELinux, domain unconfined_t");
	assert_described("user:role:domain\n", "SELinux, domain domain");
}

static void profiles_of_apparmor(void **state)
{
	(void)state;
	assert_described("/usr/sbin/mysqld (enforce)\n", "AppArmor, profile /usr/sbin/mysqld");
	assert_described("docker-default (kill)\n", "AppArmor, profile docker-default");
	assert_described("snap.a.b//child (enforce)", "AppArmor, profile snap.a.b//child");
	/* rules are not enforced */
	assert_described("mysqld (complain)\n", "");
	assert_described(":ns:a:b (complain)\n", "");
	assert_described("unconfined\n", "");
}

static void other_texts(void **state)
{
	(void)state;
	assert_described("", "");
	assert_described("\n", "");
	assert_described("_", "");
	assert_described("a:b\n", "");
	assert_described("::\n", "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(contexts_of_selinux),
		cmocka_unit_test(profiles_of_apparmor),
		cmocka_unit_test(other_texts),
	};

	return cmocka_run_group_tests_name("confinement", tests, NULL, NULL);
}
