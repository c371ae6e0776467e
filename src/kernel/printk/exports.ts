// Exported symbols of printk: messages of modules, devices and dynamic debug, rate limits, hex dumps. Linux: kernel/printk/,
// lib/dynamic_debug.c, lib/ratelimit.c, lib/hexdump.c, and the dev_printk family of drivers/base/core.c.

import { errnoName } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import { at, data, type ExportTable, fn, type VaList } from '../exports/define.ts';
import { GuestVaList } from '../exports/va-list.ts';
import { dynamicPrefix } from './dynamic-debug.ts';
import { hexLayout, hexLine, hexLineLength } from './hex-dump.ts';
import type { Printk } from './printk.ts';
import { GuestRatelimitState, ratelimit } from './ratelimit.ts';
import { symbolName, symbolText } from '../symbol-text.ts';

const LEVEL = { EMERG: 0, ALERT: 1, CRIT: 2, ERR: 3, WARNING: 4, NOTICE: 5, INFO: 6, DEBUG: 7 } as const;
const DUMP_PREFIX_NONE = 0;
const DUMP_PREFIX_ADDRESS = 1;

export function printkExports(printk: Printk): ExportTable {
  const { log, formatter, parts: { ram, abi } } = printk;
  const deviceMessage = (level: number) => (device: Ptr<'device'>, format: Ptr<'char'>, args: VaList): void => printDevice(printk, level, device, formatter.formatAt(format, args));
  return {
    _printk: fn('_printk', (format: Ptr<'char'>, args: VaList) => log.print(formatter.formatAt(format, args))),
    vprintk: fn('vprintk', (format: Ptr<'char'>, args: Ptr<'__va_list_tag'>) => log.print(formatter.formatAt(format, new GuestVaList(ram, args)))),
    console_printk: at(printk.levelsAddress),

    _dev_emerg: fn('_dev_emerg', deviceMessage(LEVEL.EMERG)),
    _dev_alert: fn('_dev_alert', deviceMessage(LEVEL.ALERT)),
    _dev_crit: fn('_dev_crit', deviceMessage(LEVEL.CRIT)),
    _dev_err: fn('_dev_err', deviceMessage(LEVEL.ERR)),
    _dev_warn: fn('_dev_warn', deviceMessage(LEVEL.WARNING)),
    _dev_notice: fn('_dev_notice', deviceMessage(LEVEL.NOTICE)),
    _dev_info: fn('_dev_info', deviceMessage(LEVEL.INFO)),
    _dev_printk: fn('_dev_printk', (level: Ptr<'char'>, device: Ptr<'device'>, format: Ptr<'char'>, args: VaList) =>
      printDevice(printk, levelOf(ram.cstring(level)), device, formatter.formatAt(format, args))),
    dev_printk_emit: fn('dev_printk_emit', (level: number, device: Ptr<'device'>, format: Ptr<'char'>, args: VaList) =>
      log.printDevice(level, formatter.formatAt(format, args), device === 0 ? undefined : printk.devices.record(device))),
    dev_vprintk_emit: fn('dev_vprintk_emit', (level: number, device: Ptr<'device'>, format: Ptr<'char'>, args: Ptr<'__va_list_tag'>) =>
      log.printDevice(level, formatter.formatAt(format, new GuestVaList(ram, args)), device === 0 ? undefined : printk.devices.record(device))),
    dev_driver_string: fn('dev_driver_string', (device: Ptr<'device'>) => printk.devices.driverString(device) || printk.emptyString),
    dev_err_probe: fn('dev_err_probe', (device: Ptr<'device'>, error: number, format: Ptr<'char'>, args: VaList) => {
      const text = formatter.formatAt(format, args);
      if (!isQuietProbeError(error)) printDevice(printk, LEVEL.ERR, device, `error ${errorText(error)}: ${text}`);
      return error;
    }),
    __dynamic_pr_debug: fn('__dynamic_pr_debug', (descriptor: Ptr<'_ddebug'>, format: Ptr<'char'>, args: VaList) => {
      log.print(`\x01${LEVEL.DEBUG}${dynamicPrefix(printk, descriptor)}${formatter.formatAt(format, args)}`);
    }),
    __dynamic_dev_dbg: fn('__dynamic_dev_dbg', (descriptor: Ptr<'_ddebug'>, device: Ptr<'device'>, format: Ptr<'char'>, args: VaList) => {
      const text = formatter.formatAt(format, args);
      if (device === 0) log.print(`\x01${LEVEL.DEBUG}(NULL device *): ${text}`);
      else log.printDevice(LEVEL.DEBUG, dynamicPrefix(printk, descriptor) + printk.devices.prefix(device) + text, printk.devices.record(device));
    }),

    ___ratelimit: fn('___ratelimit', (state: Ptr<'ratelimit_state'>, what: Ptr<'char'>) =>
      ratelimit(new GuestRatelimitState(ram, abi, state), ram.cstring(what), printk.parts.jiffies(), log)),
    __printk_ratelimit: fn('__printk_ratelimit', (what: Ptr<'char'>) => ratelimit(printk.sharedLimit, ram.cstring(what), printk.parts.jiffies(), log)),
    printk_timed_ratelimit: fn('printk_timed_ratelimit', (last: Ptr<'long unsigned int'>, intervalMs: number) => timedRatelimit(printk, last, intervalMs)),

    print_hex_dump: fn('print_hex_dump', (level: Ptr<'char'>, prefix: Ptr<'char'>, prefixType: number, row: number, group: number, buffer: Ptr, length: number, ascii: boolean) =>
      printHexDump(printk, ram.cstring(level) + ram.cstring(prefix), prefixType, row, group, buffer, length, ascii)),
    hex_dump_to_buffer: fn('hex_dump_to_buffer', (buffer: Ptr, length: number, row: number, group: number, line: Ptr<'char'>, lineSize: number, ascii: boolean) => {
      const layout = hexLayout(row, group, ascii);
      const text = hexLine(ram.bytes(buffer, Math.min(length, layout.rowBytes)), layout);
      if (lineSize > 0) ram.writeCString(line, text.slice(0, lineSize - 1));
      return hexLineLength(length, layout);
    }),
    sprint_symbol: fn('sprint_symbol', (buffer: Ptr<'char'>, address: number) => storeText(printk, buffer, symbolText(printk.parts.symbols, address))),
    sprint_symbol_no_offset: fn('sprint_symbol_no_offset', (buffer: Ptr<'char'>, address: number) => storeText(printk, buffer, symbolName(printk.parts.symbols, address))),
    no_hash_pointers: data(1, () => {}, 1),
    hex_asc: data(17, (address) => { ram.writeCString(address, '0123456789abcdef'); }, 1),
    hex_asc_upper: data(17, (address) => { ram.writeCString(address, '0123456789ABCDEF'); }, 1),
  };
}

/** A message about a device is complete as it is; one about no device is an ordinary message. */
function printDevice(printk: Printk, level: number, device: Ptr<'device'>, text: string): void {
  if (device === 0) printk.log.print(`\x01${level}(NULL device *): ${text}`);
  else printk.log.printDevice(level, printk.devices.prefix(device) + text, printk.devices.record(device));
}

/** Stores text and NUL; returns its length. */
function storeText(printk: Printk, buffer: Ptr<'char'>, text: string): number {
  printk.parts.ram.writeCString(buffer, text);
  return text.length;
}

/** Level of a KERN_ string, as dev_printk() takes it. */
const levelOf = (prefix: string): number => (/^\x01[0-7]/.test(prefix) ? Number(prefix[1]) : LEVEL.WARNING);

/** dev_err_probe() says nothing when a probe is only deferred, nor when memory ran out (the allocator has). */
const isQuietProbeError = (error: number): boolean => ['EPROBE_DEFER', 'ENOMEM'].includes(errnoName(-error) ?? '');

function errorText(error: number): string {
  const name = errnoName(-error);
  return name === undefined ? String(error) : `-${name}`;
}

/** True when `intervalMs` have passed since the time at `last`, which is then moved on. */
function timedRatelimit(printk: Printk, last: Ptr, intervalMs: number): boolean {
  const { ram, hz, jiffies } = printk.parts;
  const then = ram.readULong(last);
  const elapsed = jiffies() - then;
  if (then !== 0 && elapsed >= 0 && elapsed <= Math.ceil((intervalMs * hz) / 1000)) return false;
  ram.writeU64(last, BigInt(jiffies()));
  return true;
}

function printHexDump(printk: Printk, head: string, prefixType: number, row: number, group: number, buffer: Ptr, length: number, ascii: boolean): void {
  const layout = hexLayout(row, group, ascii);
  for (let offset = 0; offset < length; offset += layout.rowBytes) {
    const line = hexLine(printk.parts.ram.bytes(buffer + offset, Math.min(layout.rowBytes, length - offset)), layout);
    const place = prefixType === DUMP_PREFIX_NONE ? '' : prefixType === DUMP_PREFIX_ADDRESS ? `${printk.hashedText(buffer + offset)}: ` : `${offset.toString(16).padStart(8, '0')}: `;
    printk.log.print(`${head}${place}${line}\n`);
  }
}
