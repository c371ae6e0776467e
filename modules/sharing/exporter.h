/* SPDX-License-Identifier: GPL-2.0 */
#ifndef KOBOX_EXPORTER_H
#define KOBOX_EXPORTER_H

extern int exporter_counter;
int exporter_add(int a, int b);
int exporter_for_each(int n, int (*visit)(int i, void *arg), void *arg);

#endif
