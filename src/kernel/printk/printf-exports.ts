// Exported symbols of lib/vsprintf.c and lib/kasprintf.c: formatting into buffers and new strings, scanning.

import type { Ptr } from '../../base/ptr.ts';
import { type ExportTable, fn, type VaList } from '../exports/define.ts';
import { GuestVaList } from '../exports/va-list.ts';
import type { Allocator } from '../services.ts';
import type { Printk } from './printk.ts';
import { scanText } from './scan.ts';

const UNLIMITED = 0x7fff_ffff;

export function printfExports(printk: Printk, allocator: Allocator): ExportTable {
  const { formatter, parts: { ram } } = printk;
  type Text = Ptr<'char'>;
  type List = Ptr<'__va_list_tag'>;
  const list = (address: List): VaList => new GuestVaList(ram, address);
  const print = (buffer: Text, size: number, format: Text, args: VaList): number => formatter.print(buffer, size, ram.cstring(format), args);
  /** The number of characters that were stored, not of those wanted. */
  const printStored = (buffer: Text, size: number, format: Text, args: VaList): number => {
    const wanted = print(buffer, size, format, args);
    return wanted < size ? wanted : Math.max(size - 1, 0);
  };
  const allocate = (gfp: number, format: Text, args: VaList): Text => {
    const text = formatter.formatAt(format, args);
    const address = allocator.kmalloc(text.length + 1, gfp);
    if (address !== 0) ram.writeCString(address, text);
    return address;
  };
  return {
    sprintf: fn('sprintf', (buffer: Text, format: Text, args: VaList) => print(buffer, UNLIMITED, format, args)),
    vsprintf: fn('vsprintf', (buffer: Text, format: Text, args: List) => print(buffer, UNLIMITED, format, list(args))),
    snprintf: fn('snprintf', (buffer: Text, size: number, format: Text, args: VaList) => print(buffer, size, format, args)),
    vsnprintf: fn('vsnprintf', (buffer: Text, size: number, format: Text, args: List) => print(buffer, size, format, list(args))),
    scnprintf: fn('scnprintf', (buffer: Text, size: number, format: Text, args: VaList) => printStored(buffer, size, format, args)),
    vscnprintf: fn('vscnprintf', (buffer: Text, size: number, format: Text, args: List) => printStored(buffer, size, format, list(args))),
    kasprintf: fn('kasprintf', (gfp: number, format: Text, args: VaList) => allocate(gfp, format, args)),
    kvasprintf: fn('kvasprintf', (gfp: number, format: Text, args: List) => allocate(gfp, format, list(args))),
    sscanf: fn('sscanf', (text: Text, format: Text, args: VaList) => scanText(ram, ram.cstring(text), ram.cstring(format), args)),
    vsscanf: fn('vsscanf', (text: Text, format: Text, args: List) => scanText(ram, ram.cstring(text), ram.cstring(format), list(args))),
  };
}
