// SPDX-License-Identifier: GPL-2.0
/* The kernels for the native program, in a file of their own: the compiler may not fit them to their one caller. */
#include <stdint.h>

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;

#include "kernels.h"
