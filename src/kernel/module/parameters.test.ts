import { describe, expect, it } from 'vitest';
import { FakeKernel, finish } from '../../../test/modules/fake-kernel.ts';
import { moduleFile, sectionsOf, transcript } from '../../../test/modules/fixtures.ts';
import { Errno } from '../errors.ts';
import { parseInteger } from '../number-text.ts';
import { splitParameters } from './param-string.ts';

const types = moduleFile('types');

function show(kernel: FakeKernel): string[] {
  return kernel.system.sysModule.list('types/parameters').map(({ name }) => `${name} ${finish(kernel.system.sysModule.read(`types/parameters/${name}`)).trimEnd()}`);
}
function errnoOf(work: () => void): number {
  try {
    work();
    return 0;
  } catch (error) {
    if (error instanceof Errno) return error.errno;
    throw error;
  }
}
/** busybox insmod tries twice when the first call fails. */
function undouble(lines: readonly string[]): readonly string[] {
  const half = lines.slice(0, lines.length / 2);
  return lines.length % 2 === 0 && half.join('\n') === lines.slice(lines.length / 2).join('\n') ? half : lines;
}

describe('parameters, as recorded on Linux', () => {
  const kernel = new FakeKernel();
  kernel.insmod(types);
  const defaults = new Set(show(kernel));
  kernel.rmmod('types');
  kernel.takeLog();
  it.each([...sectionsOf(transcript('types'))])('%s', (text, lines) => {
    // busybox ends the string it makes of its arguments with a space.
    const errno = errnoOf(() => kernel.insmod(types, `${text} `));
    const log = kernel.takeLog().map((line) => `<${line[0]!}>${line.slice(2)}`);
    const values = errno === 0 ? show(kernel).filter((line) => !defaults.has(line)) : [];
    if (errno === 0) kernel.rmmod('types');
    const linux = lines.slice(1).filter((line) => line.startsWith('<'));
    expect({ status: lines[0], log, values: values.sort() }).toEqual({
      status: `status ${errno}`, log: errno === 0 ? linux : undouble(linux), values: lines.slice(1).filter((line) => !line.startsWith('<')).map((line) => line.trimEnd()).sort(),
    });
    expect(kernel.usage).toBe(0);
  });
});

describe('splitParameters', () => {
  const items = (text: string): (readonly [string, string | undefined])[] => splitParameters(text).items.map(({ name, value }) => [name, value]);
  it.each<[string, (readonly [string, string | undefined])[]]>([
    ['', []],
    [' a  b=1\tc=\n', [['a', undefined], ['b', '1'], ['c', '']]],
    ['=3', [['=3', undefined]]],
    ['i =3', [['i', undefined], ['=3', undefined]]],
    ['s="a b" t', [['s', 'a b'], ['t', undefined]]],
    ['"s=a b c"', [['s', 'a b c']]],
    ['s=a"b c"d', [['s', 'a"b c"d']]],
    ['s="open to the end', [['s', 'open to the end']]],
    ["s='a b'", [['s', "'a"], ["b'", undefined]]],
    ['s="', [['s', '']]],
    ['"', [['', undefined]]],
    ['a=b=c', [['a', 'b=c']]],
  ])('%j', (text, expected) => {
    expect(items(text)).toEqual(expected);
  });
  it('stops at --', () => {
    expect(splitParameters('a -- b  c').rest).toBe('b  c');
    expect(splitParameters('a --').rest).toBe('');
  });
  it('says where values lie in the string', () => {
    const text = 'x="a b" y=12';
    for (const { value, valueStart, valueEnd } of splitParameters(text).items) expect(text.slice(valueStart, valueEnd)).toBe(value);
  });
});

describe('parseInteger', () => {
  it.each<[string, 8 | 16 | 32 | 64, boolean, bigint | number]>([
    ['0', 32, true, 0n], ['0x', 32, true, -22], ['0xfF', 32, true, 255n], ['017', 32, true, 15n], ['018', 32, true, -22], ['+5', 32, false, 5n],
    ['-5', 32, false, -22], ['-+5', 32, true, -22], ['5 ', 32, true, -22], ['5\n', 32, true, 5n], ['5\n\n', 32, true, -22], ['', 32, true, -22], ['-128', 8, true, -128n],
    ['-129', 8, true, -34], ['18446744073709551615', 64, false, 18446744073709551615n], ['18446744073709551616', 64, false, -34], ['9223372036854775808', 64, true, -34],
  ])('%j as %i bits, signed %s', (text, bits, isSigned, expected) => {
    expect(parseInteger(text, bits, isSigned)).toBe(expected);
  });
});

describe('through sysfs', () => {
  const path = (name: string): string => `types/parameters/${name}`;
  it('writes, and keeps the newline of a string', () => {
    const kernel = new FakeKernel();
    kernel.insmod(types);
    const write = (name: string, text: string): number => errnoOf(() => finish(kernel.system.sysModule.write(path(name), text)));
    expect([write('an_int', '7\n'), write('an_int', 'x\n'), write('a_byte', '300'), write('read_only', '1'), write('hidden', '1'), write('a_charp', 'new\n')]).toEqual([0, 22, 34, 13, 2, 0]);
    expect(finish(kernel.system.sysModule.read(path('an_int')))).toBe('7\n');
    expect(finish(kernel.system.sysModule.read(path('a_charp')))).toBe('new\n\n');
    expect([write('an_enable_only', '1'), write('an_enable_only', '0')]).toEqual([0, 30]);
    kernel.rmmod('types');
    expect(kernel.usage).toBe(0);
  });
  it('refuses a string that is too long', () => {
    const kernel = new FakeKernel();
    expect(errnoOf(() => kernel.insmod(types, `a_charp=${'x'.repeat(1025)}`))).toBe(28);
    expect(kernel.log.map((line) => line.slice(0, 60))).toContain('3 a_charp: string parameter too long');
    expect(kernel.log.at(-1)).toMatch(/^3 types: `x+' too large for parameter `a_charp'$/);
    expect(kernel.usage).toBe(0);
  });
});
