// SPDX-License-Identifier: GPL-2.0
/* One parameter of every standard type. Prints them all at load, and again at unload. */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt
#include <linux/module.h>
#include <linux/moduleparam.h>

static unsigned char a_byte = 1;
static short a_short = -2;
static unsigned short a_ushort = 3;
static int an_int = -4;
static unsigned int a_uint = 5;
static long a_long = -6;
static unsigned long a_ulong = 7;
static unsigned long long a_ullong = 8;
static unsigned int a_hexint = 0xff;
static char *a_charp = "default";
static bool a_bool;
static bool an_invbool;
static int a_bint;
static bool an_enable_only;
static char a_string[8] = "seven";
static int an_array[4] = { 10, 20, 30, 40 };
static int an_array_count;
static char *words[3] = { "one", "two", "three" };
static int hidden = 11;
static int read_only = 12;
static int dangerous;
static int renamed_variable = 13;

module_param(a_byte, byte, 0644);
module_param(a_short, short, 0644);
module_param(a_ushort, ushort, 0644);
module_param(an_int, int, 0644);
module_param(a_uint, uint, 0644);
module_param(a_long, long, 0644);
module_param(a_ulong, ulong, 0644);
module_param(a_ullong, ullong, 0644);
module_param(a_hexint, hexint, 0644);
module_param(a_charp, charp, 0644);
module_param(a_bool, bool, 0644);
module_param(an_invbool, invbool, 0644);
module_param(a_bint, bint, 0644);
module_param(an_enable_only, bool_enable_only, 0644);
module_param_string(a_string, a_string, sizeof(a_string), 0644);
module_param_array(an_array, int, &an_array_count, 0644);
module_param_array(words, charp, NULL, 0644);
module_param(hidden, int, 0);
module_param(read_only, int, 0444);
module_param_unsafe(dangerous, int, 0644);
module_param_named(renamed, renamed_variable, int, 0644);
MODULE_PARM_DESC(an_int, "an int");
MODULE_PARM_DESC(an_array, "up to four ints");

static void show(void)
{
	pr_info("byte %u short %d ushort %u int %d uint %u\n", a_byte, a_short, a_ushort, an_int, a_uint);
	pr_info("long %ld ulong %lu ullong %llu hexint %#x\n", a_long, a_ulong, a_ullong, a_hexint);
	pr_info("charp '%s' string '%s'\n", a_charp, a_string);
	pr_info("bool %d invbool %d bint %d enable_only %d\n", a_bool, an_invbool, a_bint, an_enable_only);
	pr_info("array %d %d %d %d count %d\n", an_array[0], an_array[1], an_array[2], an_array[3], an_array_count);
	pr_info("words '%s' '%s' '%s'\n", words[0], words[1], words[2]);
	pr_info("hidden %d read_only %d dangerous %d renamed %d\n", hidden, read_only, dangerous, renamed_variable);
}

static int __init params_init(void)
{
	show();
	return 0;
}

static void __exit params_exit(void)
{
	show();
}

module_init(params_init);
module_exit(params_exit);
MODULE_LICENSE("GPL");
