// `struct list_head` in guest memory: next at 0, prev at 8, in every release. The operations are those that
// include/linux/list.h inlines into modules, for the kernel's side of the same lists.

import type { Ptr } from '../base/ptr.ts';
import type { Ram } from '../base/ram.ts';

export const LIST_HEAD_SIZE = 16;
const PREV = 8;

export const listInit = (ram: Ram, head: Ptr): void => {
  ram.writePtr(head, head);
  ram.writePtr(head + PREV, head);
};
export const listNext = (ram: Ram, entry: Ptr): Ptr => ram.readPtr(entry);
export const listIsEmpty = (ram: Ram, head: Ptr): boolean => ram.readPtr(head) === head;

const link = (ram: Ram, entry: Ptr, prev: Ptr, next: Ptr): void => {
  ram.writePtr(next + PREV, entry);
  ram.writePtr(entry, next);
  ram.writePtr(entry + PREV, prev);
  ram.writePtr(prev, entry);
};
/** list_add(): at the head of the list. */
export const listAdd = (ram: Ram, entry: Ptr, head: Ptr): void => link(ram, entry, head, ram.readPtr(head));
/** list_add_tail(). */
export const listAddTail = (ram: Ram, entry: Ptr, head: Ptr): void => link(ram, entry, ram.readPtr(head + PREV), head);

const unlink = (ram: Ram, entry: Ptr): void => {
  const next = ram.readPtr(entry);
  const prev = ram.readPtr(entry + PREV);
  ram.writePtr(next + PREV, prev);
  ram.writePtr(prev, next);
};
/** list_del_init(): the entry becomes an empty list of its own. */
export const listDelInit = (ram: Ram, entry: Ptr): void => {
  unlink(ram, entry);
  listInit(ram, entry);
};
/** LIST_POISON1 and LIST_POISON2 of x86-64 (CONFIG_ILLEGAL_POINTER_VALUE). */
const POISON1 = 0xdead000000000100n;
const POISON2 = 0xdead000000000122n;
/** list_del(): the entry's links are poisoned. */
export const listDel = (ram: Ram, entry: Ptr): void => {
  unlink(ram, entry);
  ram.writeU64(entry, POISON1);
  ram.writeU64(entry + PREV, POISON2);
};

/** Entries in order; the entry in hand may be removed while it is visited (list_for_each_safe). */
export function* listEntries(ram: Ram, head: Ptr): Generator<Ptr> {
  let entry = ram.readPtr(head);
  while (entry !== head) {
    const next = ram.readPtr(entry);
    yield entry;
    entry = next;
  }
}
