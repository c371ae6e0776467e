// As much of the ABI of Debian's 6.12.117 as the module system asks for, so that its tests need no second ABI file: the layout of
// struct module (from pahole), and CRCs taken from a module built for that kernel. Everything else is 6.1's.

import { readFileSync } from 'node:fs';
import type { Abi, ExportedSymbol, StructLayout } from '../../src/abi/abi.ts';
import { parseElf64 } from '../../src/elf/elf64.ts';
import { SymbolVersions } from '../../src/kernel/module/versions.ts';
import { abi61 } from './fake-kernel.ts';
import { ROOT } from './root.ts';

const OFFSETS: Readonly<Record<string, number>> = {
  state: 0, list: 8, name: 24, 'mkobj.mod': 144, version: 184, srcversion: 192, syms: 208, crcs: 216, num_syms: 224, 'param_lock.wait_list': 248, kp: 264,
  num_kp: 272, num_gpl_syms: 276, gpl_syms: 280, gpl_crcs: 288, using_gplonly_symbols: 296, sig_ok: 297, async_probe_requested: 298, num_exentries: 300,
  extable: 304, init: 312, taints: 848, num_bugs: 856, bug_list: 864, bug_table: 880, args: 944, percpu: 952, percpu_size: 960, jump_entries: 1048,
  num_jump_entries: 1056, num_static_call_sites: 1140, static_call_sites: 1144, klp: 1152, source_list: 1168, target_list: 1184, exit: 1200, refcnt: 1208,
};
for (let i = 0; i < 7; i++) Object.assign(OFFSETS, { [`mem[${i}].base`]: 320 + 72 * i, [`mem[${i}].size`]: 328 + 72 * i });

const fixture = (name: string): Uint8Array => readFileSync(new URL(`test/fixtures/${name}-6.12.ko`, ROOT));

function makeAbi(): Abi {
  const crcs = new Map<string, number>();
  for (const name of ['kitchen', 'guest']) {
    const elf = parseElf64(fixture(name));
    for (const [symbol, crc] of new SymbolVersions(elf.content(elf.find('__versions')!)).entries()) if (!symbol.startsWith('kitchen')) crcs.set(symbol, crc);
  }
  const field = (path: string): { offset: number; type: { sizeBytes: number } } => ({ offset: OFFSETS[path]!, type: { sizeBytes: path === 'name' ? 56 : 8 } });
  const layout = { name: 'module', sizeBytes: 1280, hasField: (path: string) => path in OFFSETS, offset: (path: string) => OFFSETS[path], field } as unknown as StructLayout;
  return new Proxy(abi61, {
    get(target, key): unknown {
      switch (key) {
        case 'release': return '6.12.117+deb12-amd64';
        case 'vermagic': return '6.12.117+deb12-amd64 SMP preempt mod_unload modversions ';
        case 'kernelVersion': return [6, 12];
        case 'struct': return (name: string) => (name === 'module' ? layout : target.struct(name));
        case 'exportedSymbol': return (name: string): ExportedSymbol | undefined => {
          const known = target.exportedSymbol(name);
          const crc = crcs.get(name);
          return crc === undefined ? known : { name, crc, isGplOnly: known?.isGplOnly ?? false, namespace: '', owner: 'vmlinux' };
        };
        default: {
          const value: unknown = Reflect.get(target, key, target);
          return typeof value === 'function' ? value.bind(target) : value;
        }
      }
    },
  });
}

export const abi612: Abi = makeAbi();
