/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * SHA-256 gives the standard's examples, and agrees at every length around a block's end.
 */
#include <stdio.h>
#include <string.h>

#include "segments/sha256.h"
#include "unit.h"

static const char *digest_of(const void *data, size_t bytes, size_t piece)
{
	static char text[2 * SHA256_BYTES + 1];
	unsigned char digest[SHA256_BYTES];
	struct sha256 hash;

	sha256_begin(&hash);
	for (size_t at = 0; at < bytes; at += piece)
		sha256_add(&hash, (const char *)data + at, bytes - at < piece ? bytes - at : piece);
	sha256_end(&hash, digest);
	for (int i = 0; i < SHA256_BYTES; i++)
		sprintf(text + 2 * i, "%02x", digest[i]);
	return text;
}

static void examples_of_the_standard(void **state)
{
	static const char two_blocks[] = "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq";
	static char million[1000000];

	(void)state;
	assert_string_equal(digest_of("", 0, 1),
			    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
	assert_string_equal(digest_of("abc", 3, 3),
			    "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	assert_string_equal(digest_of(two_blocks, strlen(two_blocks), 7),
			    "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1");
	memset(million, 'a', sizeof(million));
	assert_string_equal(digest_of(million, sizeof(million), 999),
			    "cdc76e5c9914fb9281a1c7e284d73e67f1809a48a497200e046d39ccc7112cd0");
}

static void pieces_do_not_matter(void **state)
{
	unsigned char data[200];
	char whole[2 * SHA256_BYTES + 1];

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (unsigned char)(i * 7);
	for (size_t bytes = 1; bytes <= sizeof(data); bytes++) {
		strcpy(whole, digest_of(data, bytes, bytes));
		for (size_t piece = 1; piece < bytes; piece += 1 + piece / 3)
			assert_string_equal(digest_of(data, bytes, piece), whole);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		UNIT_TEST(examples_of_the_standard),
		UNIT_TEST(pieces_do_not_matter),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
