import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { everyKind } from '../../../test/abi/btf-builder.ts';
import { smallAbiFile } from '../../../test/abi/small-abi.ts';
import { AbiError } from '../../abi/abi.ts';
import { abiAdd, abiFolder, abiList, abiOpen, abiRemove, abiShow } from './abi-store.ts';
import { loadDefaultAbi } from './default-abi.ts';

let work: string;
let folder: string;
beforeAll(() => {
  work = mkdtempSync(join(tmpdir(), 'kobox-abi-'));
  folder = join(work, 'store');
});
afterAll(() => rmSync(work, { recursive: true }));

const put = (name: string, content: string | Uint8Array): string => {
  const path = join(work, name);
  writeFileSync(path, content);
  return path;
};

test('the folder', () => {
  expect(abiFolder({ KOBOX_ABI_DIR: '/a' })).toBe('/a');
  expect(abiFolder({ XDG_DATA_HOME: '/b' })).toBe('/b/kobox/abi');
  expect(abiFolder({})).toMatch(/\.local\/share\/kobox\/abi$/);
});

test('without added files there is the shipped one', () => {
  expect(abiList(folder)).toMatchObject([{ release: loadDefaultAbi().release, isDefault: true }]);
  expect(abiOpen('6.1', folder).release).toBe(loadDefaultAbi().release);
});

test('add, list, open, remove', () => {
  const btf = put('btf', everyKind().bytes());
  const symvers = put('Module.symvers', '0x00000007\tdo_it\tvmlinux\tEXPORT_SYMBOL_GPL\t\n0x00000008\tusb_x\tdrivers/usbx\tEXPORT_SYMBOL\tUSB\n');
  expect(() => abiAdd(btf, { folder })).toThrow('a raw BTF file names no kernel');
  expect(() => abiAdd(btf, { folder, release: '6.7.1-x' })).toThrow('give the Module.symvers');
  expect(() => abiAdd(btf, { folder, release: '../../x', symvers })).toThrow(AbiError);
  expect(abiAdd(btf, { folder, release: '6.7.1-x', symvers })).toMatchObject({ release: '6.7.1-x', isDefault: false });
  expect(abiAdd(put('small.kabi', smallAbiFile()), { folder })).toMatchObject({ release: '6.1.0-test', version: '#1 SMP test' });
  put('store/broken.kabi', 'no ABI');
  expect(abiList(folder).map(({ release }) => release)).toEqual([loadDefaultAbi().release, '6.1.0-test', '6.7.1-x']);
  expect(readdirSync(folder).sort()).toEqual(['6.1.0-test.kabi', '6.7.1-x.kabi', 'broken.kabi']);

  expect(abiOpen('6.7.1-x', folder).exportedSymbol('usb_x')).toEqual({ name: 'usb_x', crc: 8, isGplOnly: false, namespace: 'USB', owner: 'drivers/usbx' });
  expect(abiOpen('6.7', folder).release).toBe('6.7.1-x');
  expect(() => abiOpen('6.1', folder)).toThrow(/6\.1 may mean 6\.1\.0-\d+-amd64 or 6\.1\.0-test/);
  expect(() => abiOpen('6', folder)).toThrow('may mean');
  expect(() => abiOpen('7.0', folder)).toThrow('no ABI of 7.0 here: have ');
  expect(abiRemove('6.7.1-x', folder)).toBe(true);
  expect(abiRemove('6.7.1-x', folder)).toBe(false);
});

test('show', () => {
  const abi = loadDefaultAbi();
  expect(abiShow(abi, '_printk')).toMatch(/^int _printk\(const char \*fmt, \.\.\.\);\n\n {2}EXPORT_SYMBOL, from vmlinux, CRC 0x[0-9a-f]{8}\n$/);
  expect(abiShow(abi, 'jiffies')).toMatch(/^jiffies\n {2}EXPORT_SYMBOL, from vmlinux/);
  expect(abiShow(abi, 'struct list_head')).toContain('struct list_head {\n\tstruct list_head *');
  expect(abiShow(abi, 'gfp_t')).toBe('typedef unsigned int gfp_t;\n');
  expect(abiShow(abi, 'module_state')).toContain('\tMODULE_STATE_COMING = 1,\n');
  expect(abiShow(abi, 'MODULE_STATE_COMING')).toBe('MODULE_STATE_COMING = 1 (enumerator)\n');
  expect(abiShow(abi, 'current_task')).toContain('per-CPU variable, offset 0x');
  expect(abiShow(abi, 'work_func_t')).toBe('typedef void (*work_func_t)(struct work_struct *);\n');
  expect(() => abiShow(abi, 'nothing_at_all')).toThrow(AbiError);
});
