/* The only program of the Linux machine that the benchmarks compare with: loads and unloads /module.ko, says how long it took, stops. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* syslog(2): set the level of what goes to the console. */
#define CONSOLE_LEVEL 8

static char image[16 << 20];
static long size;

static void cycle(const char *name)
{
	if (syscall(SYS_init_module, image, size, "") || syscall(SYS_delete_module, name, O_NONBLOCK))
		perror("module");
}

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

static void cycles(const char *what, const char *name, int count)
{
	double start = now();
	for (int i = 0; i < count; i++)
		cycle(name);
	printf("@@%s %.1f\n", what, count / (now() - start));
}

/* init NAME COUNT: one load and unload, then COUNT of them, then COUNT with the waits for readers of freed memory cut short. */
int main(int argc, char **argv)
{
	/* The kernel puts options that it does not know before them. */
	const char *name = argv[argc - 2];
	int count = atoi(argv[argc - 1]);
	int file = open("/module.ko", O_RDONLY);

	size = read(file, image, sizeof(image));
	syscall(SYS_syslog, CONSOLE_LEVEL, NULL, 8);
	cycle(name);
	if (count > 0) {
		syscall(SYS_syslog, CONSOLE_LEVEL, NULL, 1);
		cycles("cycles", name, count);
		mkdir("/sys", 0755);
		mount("sysfs", "/sys", "sysfs", 0, NULL);
		if (write(open("/sys/kernel/rcu_expedited", O_WRONLY), "1", 1) == 1)
			cycles("expedited", name, count);
	}
	fflush(stdout);
	reboot(RB_AUTOBOOT);
	return 0;
}
