// SPDX-License-Identifier: GPL-2.0
/* String functions of the kernel. -fno-builtin makes each one a call. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#define __NO_FORTIFY
#include <linux/module.h>
#include <linux/string.h>
#include <linux/string_helpers.h>
#include <linux/ctype.h>
#include <linux/slab.h>

/* Hides a constant, so that nothing is folded. */
static const char *s(const char *text)
{
	OPTIMIZER_HIDE_VAR(text);
	return text;
}
static int sign(int value) { return (value > 0) - (value < 0); }
static int at(const char *base, const char *found) { return found ? (int)(found - base) : -1; }

static void comparing(void)
{
	pr_info("strcmp %d %d %d %d\n", sign(strcmp(s("abc"), s("abc"))), sign(strcmp(s("abc"), s("abd"))),
		sign(strcmp(s("b"), s("abc"))), sign(strcmp(s("\xe4"), s("a"))));
	pr_info("strncmp %d %d %d\n", sign(strncmp(s("abc"), s("abd"), 2)), sign(strncmp(s("abc"), s("abd"), 3)),
		sign(strncmp(s("x"), s("y"), 0)));
	pr_info("strcasecmp %d %d, strncasecmp %d\n", sign(strcasecmp(s("HeLLo"), s("hEllO"))), sign(strcasecmp(s("a"), s("B"))),
		sign(strncasecmp(s("ABx"), s("aby"), 2)));
	pr_info("memcmp %d %d %d\n", sign(memcmp(s("a\0b"), s("a\0c"), 3)), sign(memcmp(s("a\0b"), s("a\0c"), 2)), sign(bcmp(s("x"), s("x"), 1)));
	pr_info("sysfs_streq %d %d %d, strstarts %d\n", sysfs_streq(s("on\n"), s("on")), sysfs_streq(s("on"), s("off")),
		sysfs_streq(s("on\n\n"), s("on")), strstarts(s("prefix"), s("pre")));
}

static void searching(void)
{
	const char *t = s("a-b-c");

	pr_info("strlen %zu, strnlen %zu %zu\n", strlen(t), strnlen(t, 3), strnlen(t, 30));
	pr_info("strchr %d %d %d, strrchr %d, strchrnul %d %d, strnchr %d %d\n", at(t, strchr(t, '-')), at(t, strchr(t, 'x')),
		at(t, strchr(t, 0)), at(t, strrchr(t, '-')), at(t, strchrnul(t, 'b')), at(t, strchrnul(t, 'x')),
		at(t, strnchr(t, 2, 'b')), at(t, strnchr(t, 3, 'b')));
	pr_info("strstr %d %d %d, strnstr %d %d\n", at(t, strstr(t, s("b-"))), at(t, strstr(t, s("bc"))), at(t, strstr(t, s(""))),
		at(t, strnstr(t, s("b"), 2)), at(t, strnstr(t, s("b"), 3)));
	pr_info("strspn %zu, strcspn %zu, strpbrk %d %d\n", strspn(t, s("-ab")), strcspn(t, s("cb")), at(t, strpbrk(t, s("xc-"))),
		at(t, strpbrk(t, s("xyz"))));
	pr_info("memchr %d %d, memscan %d, memchr_inv %d\n", at(t, memchr(t, 'c', 5)), at(t, memchr(t, 'c', 4)), at(t, memscan((char *)t, 'b', 5)),
		at(t, memchr_inv(t, 'a', 5)));
	pr_info("skip_spaces '%s'\n", skip_spaces(s(" \t\n x ")));
}

static void copying(void)
{
	char b[16], c[16];

	memset(b, 'z', sizeof(b));
	pr_info("strscpy %zd '%s', %zd '%s', %zd\n", strscpy(b, s("abc"), 16), b, strscpy(c, s("abcdefgh"), 4), c, strscpy(b, s("x"), 0));
	memset(b, 'z', sizeof(b));
	pr_info("strscpy_pad %zd, rest zero %d\n", strscpy_pad(b, s("ab"), 16), !memchr_inv(b + 2, 0, 14));
	memset(b, 'z', sizeof(b));
	strncpy(b, s("ab"), 5);
	pr_info("strncpy '%s' padding %d %d, beyond '%c'\n", b, b[3], b[4], b[5]);
	strcpy(b, s("start"));
	strcat(b, s("-cat"));
	strncat(b, s("-more"), 2);
	pr_info("strcat '%s'\n", b);
	pr_info("strlcat %zu '%s', %zu '%s'\n", strlcat(b, s("!"), 16), b, strlcat(b, s("too long"), 14), b);
	strcpy(b, s("0123456789"));
	memmove(b + 2, b, 6);
	pr_info("memmove up '%s'\n", b);
	memmove(b, b + 2, 6);
	pr_info("memmove down '%s'\n", b);
	memcpy(c, b, 11);
	pr_info("memcpy '%s'\n", c);
	memset16((u16 *)b, 0x4142, 3);
	memset32((u32 *)(b + 8), 0x43444546, 1);
	b[6] = b[12] = 0;
	pr_info("memset16 '%s', memset32 '%s'\n", b, b + 8);
}

static void changing(void)
{
	char text[] = "  trim me \n", fields[] = "a,b;,c", *rest = fields, *field;
	char replace[] = "x/y/z", upper[] = "Mixed 1", reversed[8];

	pr_info("strim '%s'\n", strim(text));
	while ((field = strsep(&rest, ",;")))
		pr_info("strsep '%s'\n", field);
	strreplace(replace, '/', '!');
	pr_info("strreplace '%s'\n", replace);
	string_upper(reversed, upper);
	pr_info("string_upper '%s'\n", reversed);
	string_lower(reversed, upper);
	pr_info("string_lower '%s'\n", reversed);
	pr_info("ctype %d %d %d %d %d %c %c\n", !!isalpha('x'), !!isdigit('x'), !!isspace('\t'), !!isxdigit('F'), !!ispunct('!'),
		toupper('q'), tolower('Q'));
}

static void helpers(void)
{
	static const char * const names[] = { "red", "green", "blue", NULL };
	char b[40];
	int n;

	pr_info("match_string %d %d %d, sysfs_match_string %d\n", match_string(names, 4, s("blue")), match_string(names, 4, s("pink")),
		match_string(names, 1, s("green")), __sysfs_match_string(names, 4, s("green\n")));
	string_get_size(1234567, 512, STRING_UNITS_10, b, sizeof(b));
	pr_info("string_get_size '%s'\n", b);
	string_get_size(1234567, 512, STRING_UNITS_2, b, sizeof(b));
	pr_info("string_get_size '%s'\n", b);
	n = string_escape_str("tab\tquote\"\x01", b, sizeof(b), ESCAPE_ANY, NULL);
	pr_info("string_escape_str %d '%.*s'\n", n, n, b);
	strcpy(b, "a\\n\\x41\\101\\t.");
	n = string_unescape_inplace(b, UNESCAPE_ANY);
	pr_info("string_unescape %d '%s'\n", n, b);
	pr_info("yes/no %s %s %s %s\n", str_yes_no(true), str_on_off(false), str_enable_disable(true), str_enabled_disabled(false));
	pr_info("kbasename '%s'\n", kbasename(s("/a/b/c.ko")));
}

static int __init lib_strings_init(void)
{
	comparing();
	searching();
	copying();
	changing();
	helpers();
	return 0;
}
static void __exit lib_strings_exit(void) { }
module_init(lib_strings_init);
module_exit(lib_strings_exit);
MODULE_LICENSE("GPL");
