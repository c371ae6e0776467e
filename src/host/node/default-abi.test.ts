import { expect, test } from 'vitest';
import { loadDefaultAbi } from './default-abi.ts';

test('the default ABI is Debian 12', () => {
  const abi = loadDefaultAbi();
  expect(abi.release).toMatch(/^6\.1\.0-\d+-amd64$/);
  expect(abi.version).toMatch(/^#1 SMP PREEMPT_DYNAMIC Debian 6\.1\.\d+-\d+ \(\d{4}-\d\d-\d\d\)$/);
  expect(abi.vermagic).toBe(`${abi.release} SMP preempt mod_unload modversions `);
  expect(abi.kernelVersion).toEqual([6, 1]);
  // What every module of this kernel has compiled in (its .gnu.linkonce.this_module).
  expect(abi.sizeOf('module')).toBe(0x380);
  expect(abi.struct('module').offset('init')).toBe(0x138);
  expect(abi.struct('module').offset('exit')).toBe(0x350);
});
