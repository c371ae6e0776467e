// Checks of doubly linked lists before they are changed (CONFIG_DEBUG_LIST; Debian: corruption is a BUG), and lock-less lists.
// Linux: lib/list_debug.c, lib/llist.c.

import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { type ExportTable, fn, since } from '../exports/define.ts';
import type { Log, Reporter, SourceLine } from '../services.ts';

/** What a removed entry's links are set to: LIST_POISON1 and LIST_POISON2 with x86-64's poison offset. */
const LIST_POISON1 = BigInt.asIntN(64, 0xdead_0000_0000_0100n);
const LIST_POISON2 = BigInt.asIntN(64, 0xdead_0000_0000_0122n);
const KERN_ERR = 3;

export interface ListDeps {
  readonly ram: Ram;
  readonly log: Log;
  readonly reporter: Reporter;
  readonly sites: ListSites;
}
/** Lines of the BUGs, in the order of the checks. */
export interface ListSites { readonly add: readonly SourceLine[]; readonly del: readonly SourceLine[] }

const px = (addr: number | bigint): string => BigInt.asUintN(64, BigInt(addr)).toString(16).padStart(16, '0');

export function listExports({ ram, log, reporter, sites }: ListDeps): ExportTable {
  const corrupted = (text: string, at: SourceLine): never => {
    log.printk(KERN_ERR, text);
    return reporter.bug(at);
  };
  const addValid = (entry: Ptr, prev: Ptr, next: Ptr): boolean => {
    const [nullPrev, nullNext, nextPrev, prevNext, twice] = sites.add as [SourceLine, SourceLine, SourceLine, SourceLine, SourceLine];
    if (prev === 0) corrupted('list_add corruption. prev is NULL.', nullPrev);
    if (next === 0) corrupted('list_add corruption. next is NULL.', nullNext);
    const back = ram.readI64(next + 8);
    if (back !== BigInt(prev)) corrupted(`list_add corruption. next->prev should be prev (${px(prev)}), but was ${px(back)}. (next=${px(next)}).`, nextPrev);
    const forward = ram.readI64(prev);
    if (forward !== BigInt(next)) corrupted(`list_add corruption. prev->next should be next (${px(next)}), but was ${px(forward)}. (prev=${px(prev)}).`, prevNext);
    if (entry === prev || entry === next) corrupted(`list_add double add: new=${px(entry)}, prev=${px(prev)}, next=${px(next)}.`, twice);
    return true;
  };
  const deleteValid = (entry: Ptr): boolean => {
    const [nullNext, nullPrev, poisonNext, poisonPrev, prevNext, nextPrev] = sites.del as [SourceLine, SourceLine, SourceLine, SourceLine, SourceLine, SourceLine];
    const next = ram.readI64(entry);
    const prev = ram.readI64(entry + 8);
    if (next === 0n) corrupted(`list_del corruption, ${px(entry)}->next is NULL`, nullNext);
    if (prev === 0n) corrupted(`list_del corruption, ${px(entry)}->prev is NULL`, nullPrev);
    if (next === LIST_POISON1) corrupted(`list_del corruption, ${px(entry)}->next is LIST_POISON1 (${px(LIST_POISON1)})`, poisonNext);
    if (prev === LIST_POISON2) corrupted(`list_del corruption, ${px(entry)}->prev is LIST_POISON2 (${px(LIST_POISON2)})`, poisonPrev);
    const forward = ram.readI64(Number(prev));
    if (forward !== BigInt(entry)) corrupted(`list_del corruption. prev->next should be ${px(entry)}, but was ${px(forward)}. (prev=${px(prev)})`, prevNext);
    const back = ram.readI64(Number(next) + 8);
    if (back !== BigInt(entry)) corrupted(`list_del corruption. next->prev should be ${px(entry)}, but was ${px(back)}. (next=${px(next)})`, nextPrev);
    return true;
  };
  return {
    __list_add_valid: fn('__list_add_valid', addValid),
    __list_del_entry_valid: fn('__list_del_entry_valid', deleteValid),
    __list_add_valid_or_report: since([6, 12], fn('__list_add_valid_or_report', addValid)),
    __list_del_entry_valid_or_report: since([6, 12], fn('__list_del_entry_valid_or_report', deleteValid)),
    ...lockLessListExports(ram),
  };
}

function lockLessListExports(ram: Ram): ExportTable {
  return {
    llist_add_batch: fn('llist_add_batch', (first: Ptr, last: Ptr, head: Ptr) => {
      const before = ram.readPtr(head);
      ram.writePtr(last, before);
      ram.writePtr(head, first);
      return before === 0;
    }),
    llist_del_first: fn('llist_del_first', (head: Ptr) => {
      const first = ram.readPtr(head);
      if (first !== 0) ram.writePtr(head, ram.readPtr(first));
      return first;
    }),
    llist_reverse_order: fn('llist_reverse_order', (first: Ptr) => {
      let reversed: Ptr = 0;
      for (let at = first; at !== 0;) {
        const next = ram.readPtr(at);
        ram.writePtr(at, reversed);
        reversed = at;
        at = next;
      }
      return reversed;
    }),
  };
}
