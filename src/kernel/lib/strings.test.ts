import { beforeEach, describe, expect, test } from 'vitest';
import { Bug } from '../../../test/kernel/fake-machine.ts';
import { LibraryMachine } from '../../../test/kernel/library-machine.ts';
import { loadTestAbi } from '../../../test/test-kernel.ts';
import type { Ptr } from '../../base/ptr.ts';
import { MemoryFault } from '../../base/ram.ts';

let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });
const S = (text: string): Ptr => m.string(text);
const buffer = (size = 64): Ptr => {
  const at = m.alloc(size);
  m.ram.fill(at, size, 0x2e);
  return at;
};
/** Offset of a result in the string it points into, -1 for NULL. */
const at = (result: Ptr, base: Ptr): number => (result === 0 ? -1 : result - base);

describe('memory', () => {
  test('copy, move, set under all their names', () => {
    for (const symbol of ['memcpy', '__memcpy', 'memmove', '__memmove']) {
      const [dest, src] = [buffer(8), S('abcdefg')];
      expect(m.call(symbol, dest, src, 8)).toBe(dest);
      expect(m.text(dest)).toBe('abcdefg');
    }
    const overlap = S('0123456789');
    m.call('memmove', overlap + 2, overlap, 6);
    expect(m.text(overlap)).toBe('0101234589');
    for (const symbol of ['memset', '__memset']) {
      const dest = buffer(8);
      expect(m.call(symbol, dest, 0x1_41, 3)).toBe(dest);
      expect(m.text(dest).slice(0, 4)).toBe('AAA.');
    }
    const padded = buffer(8);
    m.call('memcpy_and_pad', padded, 6, S('ab'), 2, 0x2a);
    expect(m.ram.cstring(padded, 8)).toBe('ab****..');
    expect(m.call('memcpy', 0, 0, 0)).toBe(0);
    expect(() => m.call('memcpy', 0x1000, S('x'), 1)).toThrow(MemoryFault);
    expect(() => m.call('memset', S('x'), 0, -1)).toThrow(MemoryFault);
  });
  test('compare and search', () => {
    const [a, b] = [m.bytes([1, 2, 200]), m.bytes([1, 2, 100])];
    expect([m.call('memcmp', a, b, 3), m.call('memcmp', b, a, 3), m.call('memcmp', a, b, 2), m.call('bcmp', a, b, 0)]).toEqual([100, -100, 0, 0]);
    const s = S('hello');
    expect([at(m.call('memchr', s, 0x6c, 5), s), at(m.call('memchr', s, 0x7a, 5), s), at(m.call('memscan', s, 0x6c, 5), s), at(m.call('memscan', s, 0x7a, 5), s)]).toEqual([2, -1, 2, 5]);
    const same = m.bytes([7, 7, 7, 8]);
    expect([at(m.call('memchr_inv', same, 7, 4), same), m.call('memchr_inv', same, 7, 3)]).toEqual([3, 0]);
    expect(m.call('memweight', m.bytes([0xff, 0x01, 0x80]), 3)).toBe(10);
  });
});

describe('strings', () => {
  test('copying with and without limits', () => {
    const copy = (symbol: string, src: string, ...rest: number[]): [unknown, string] => {
      const dest = buffer(16);
      const result = m.call(symbol, dest, S(src), ...rest);
      return [result === dest ? 'dest' : result === dest + src.length ? 'end' : result, m.ram.cstring(dest, 16)];
    };
    expect(copy('strcpy', 'abc')).toEqual(['dest', 'abc']);
    expect(copy('stpcpy', 'abc')).toEqual(['end', 'abc']);
    expect(copy('strncpy', 'abc', 2)).toEqual(['dest', 'ab..............']);
    expect(copy('strncpy', 'abc', 8)[1]).toBe('abc');
    expect(copy('strlcpy', 'abcdef', 4)).toEqual([6, 'abc']);
    expect(copy('strscpy', 'abcdef', 4)).toEqual([-7, 'abc']);
    expect(copy('strscpy', 'abc', 4)).toEqual([3, 'abc']);
    expect(copy('strscpy', 'abc', 0)[0]).toBe(-7);
    expect(copy('strscpy_pad', 'abc', 8)).toEqual([3, 'abc']);
    expect(copy('strscpy', 'abc', 2 ** 40)[0]).toBe(-7);
    expect(m.warnings).toEqual(['lib/string.c:181']);
  });
  test('appending', () => {
    const append = (symbol: string, first: string, second: string, ...rest: number[]): [unknown, string] => {
      const dest = buffer(16);
      m.ram.writeCString(dest, first);
      const result = m.call(symbol, dest, S(second), ...rest);
      return [result === dest ? 'dest' : result, m.text(dest)];
    };
    expect(append('strcat', 'ab', 'cd')).toEqual(['dest', 'abcd']);
    expect(append('strncat', 'ab', 'cdef', 2)).toEqual(['dest', 'abcd']);
    expect(append('strncat', 'ab', 'cdef', 0)).toEqual(['dest', 'ab']);
    expect(append('strlcat', 'ab', 'cdef', 5)).toEqual([6, 'abcd']);
    expect(() => append('strlcat', 'abcd', 'e', 3)).toThrow(Bug);
  });
  test('comparing', () => {
    const results = (symbol: string, ...cases: (string | number)[][]): number[] => cases.map((args) => m.call(symbol, ...args.map((arg) => (typeof arg === 'string' ? S(arg) : arg))));
    expect(results('strcmp', ['a', 'a'], ['a', 'b'], ['b', 'a'], ['a', ''], ['\xff', 'a'])).toEqual([0, -1, 1, 1, 1]);
    expect(results('strncmp', ['abc', 'abd', 2], ['abc', 'abd', 3], ['a', 'b', 0])).toEqual([0, -1, 0]);
    expect(results('strcasecmp', ['HeLLo', 'hEllO'], ['a', 'C'])).toEqual([0, -2]);
    expect(results('strncasecmp', ['HELxx', 'helyy', 3], ['HELa', 'helc', 4])).toEqual([0, -2]);
    expect(results('sysfs_streq', ['on\n', 'on'], ['on', 'off'], ['on\n', 'on\n'])).toEqual([true, false, true]);
    expect([...results('strlen', ['hello']), ...results('strnlen', ['hello', 3], ['hello', 9])]).toEqual([5, 3, 5]);
  });
  test('searching', () => {
    const s = S('key=value=x');
    const find = (symbol: string, ...args: number[]): number => at(m.call(symbol, s, ...args), s);
    expect([find('strchr', 0x3d), find('strchr', 0), find('strchr', 0x7a), find('strchrnul', 0x7a), find('strrchr', 0x3d), find('strrchr', 0x7a)]).toEqual([3, 11, -1, 11, 9, -1]);
    expect([find('strnchr', 3, 0x3d), find('strnchr', 4, 0x3d), find('strnchr', 99, 0x7a)]).toEqual([-1, 3, -1]);
    expect([find('strstr', S('val')), find('strstr', S('')), find('strstr', S('zz')), find('strnstr', S('val'), 5), find('strnstr', S('val'), 7), find('strnstr', S(''), 0)]).toEqual([4, 0, -1, -1, 4, 0]);
    expect([m.call('strspn', s, S('yek')), m.call('strcspn', s, S('=')), find('strpbrk', S('xu=')), find('strpbrk', S('?'))]).toEqual([3, 3, 3, -1]);
  });
  test('taking apart: strsep, spaces, replacing, match_string', () => {
    const cursor = m.word(S('a,,b'));
    const fields: string[] = [];
    for (let field = m.call('strsep', cursor, S(',;')); field !== 0; field = m.call('strsep', cursor, S(',;'))) fields.push(m.text(field));
    expect(fields).toEqual(['a', '', 'b']);
    const padded = S(' \t text here \n');
    expect(m.text(m.call('skip_spaces', padded))).toBe('text here \n');
    expect(m.text(m.call('strim', padded))).toBe('text here');
    expect(m.text(m.call('strim', S('   ')))).toBe('');
    const path = S('a/b/c');
    expect(at(m.call('strreplace', path, 0x2f, 0x21), path)).toBe(5);
    expect(m.text(path)).toBe('a!b!c');
    const list = m.pointers([S('off'), S('on'), S('auto')]);
    expect([m.call('match_string', list, 3, S('auto')), m.call('match_string', list, 2, S('auto')), m.call('match_string', list, 99, S('zz'))]).toEqual([2, -22, -22]);
    expect(m.call('__sysfs_match_string', list, 3, S('on\n'))).toBe(1);
  });
  test.skipIf(!loadTestAbi('6.12'))('what 6.12 does differently', () => {
    m = new LibraryMachine({ abi: loadTestAbi('6.12')! });
    const path = S('a/b');
    expect(m.call('strreplace', path, 0x2f, 0x21)).toBe(path);
    expect(m.call('sized_strscpy', buffer(8), S('abc'), 8)).toBe(3);
    expect(() => m.call('__fortify_panic', 4, 8, 9)).toThrow(Bug);
    m.call('__fortify_report', 17, 8, 9);
    expect(m.warnings).toEqual(['lib/string_helpers.c:1032 strlen: detected buffer overflow: 9 byte read of buffer size 8', 'lib/string_helpers.c:1032 memcpy: detected buffer overflow: 9 byte write of buffer size 8']);
    const size = m.alloc(32);
    expect([m.call('string_get_size', 1n << 20n, 1n, 1, size, 32), m.text(size)]).toEqual([8, '1.00 MiB']);
  });
  test('fortify', () => {
    expect(() => m.call('fortify_panic', S('memcpy'))).toThrow(Bug);
    expect(m.lines).toEqual(['detected buffer overflow in memcpy']);
    m.call('__write_overflow_field', 1, 2);
    m.call('__read_overflow2_field', 1, 2);
  });
  test('character classes', () => {
    const bits = (c: string): number => m.ram.readU8(m.data('_ctype') + c.charCodeAt(0));
    expect(['A', 'z', '5', 'f', ' ', '\n', '!', '\xe4', '\xd7', '\xa0'].map(bits)).toEqual([0x41, 0x02, 0x04, 0x42, 0xa0, 0x28, 0x10, 0x02, 0x10, 0xa0]);
  });
});

describe('escaping and sizes', () => {
  test('string_escape_mem', () => {
    const escaped = (text: string, flags: number, only = ''): string => {
      const dest = m.alloc(128);
      const length = m.call('string_escape_mem', S(text), text.length, dest, 128, flags, only === '' ? 0 : S(only));
      return m.ram.cstring(dest, length);
    };
    expect(escaped('a\tb\\"', 3)).toBe('a\\tb\\\\\\"');
    expect(escaped('ab\x01', 0x18)).toBe('ab\\001');
    expect(escaped('ab\x01', 0x30)).toBe('ab\\x01');
    expect(escaped('a b', 0x20, ' ')).toBe('a\\x20b');
    expect(escaped('\xe4a', 0x60)).toBe('\\xe4a');
    expect(escaped('a\x02\xe4', 0xa0)).toBe('a\\x02\\xe4');
    expect(escaped('a,b', 0x1a0, ',')).toBe('a\\x2cb');
    const dest = buffer(4);
    expect(m.call('string_escape_mem', S('\x01\x02'), 2, dest, 4, 0x20, 0)).toBe(8);
    expect(m.ram.cstring(dest, 4)).toBe('\\x01');
  });
  test('string_unescape', () => {
    const unescaped = (text: string, flags: number): string => {
      const dest = m.alloc(64);
      m.call('string_unescape', S(text), dest, 64, flags);
      return m.text(dest);
    };
    expect(unescaped('a\\tb\\x41\\101\\"\\q', 15)).toBe('a\tbAA"\\q');
    expect(unescaped('a\\tb', 2)).toBe('a\\tb');
    const short = buffer(4);
    expect([m.call('string_unescape', S('abcdef'), short, 4, 15), m.text(short)]).toEqual([3, 'abc']);
  });
  test('string_get_size', () => {
    const text = (size: bigint, block: bigint, units: number): string => {
      const dest = m.alloc(32);
      m.call('string_get_size', size, block, units, dest, 32);
      return m.text(dest);
    };
    expect([text(0n, 1n, 0), text(999n, 1n, 0), text(1234567n, 512n, 0), text(1234567n, 512n, 1), text(1500n, 1n, 0), text(1n << 63n, 512n, 1), text(10240n, 1n, 1)]).toEqual(['0 B', '999 B', '632 MB', '603 MiB', '1.50 kB', '4.00 ZiB', '10.0 KiB']);
  });
});

describe('internet addresses', () => {
  test('in4_pton and in6_pton', () => {
    const parse = (symbol: string, text: string, delimiter = -1): [number, string, string] => {
      const [dest, end] = [m.alloc(16), m.word()];
      const source = S(text);
      const result = m.call(symbol, source, -1, dest, delimiter, end);
      return [result, Array.from(m.ram.bytes(dest, symbol === 'in4_pton' ? 4 : 16)).join('.'), m.text(m.ram.readPtr(end))];
    };
    expect(parse('in4_pton', '10.1.2.3')).toEqual([1, '10.1.2.3', '']);
    expect(parse('in4_pton', '10.1.2.3/8', 0x2f)).toEqual([1, '10.1.2.3', '/8']);
    expect(parse('in4_pton', '10.1.2.256')[0]).toBe(0);
    expect(parse('in6_pton', 'fe80::1:2')[1]).toBe('254.128.0.0.0.0.0.0.0.0.0.0.0.1.0.2');
    expect(parse('in6_pton', '::ffff:1.2.3.4')[1]).toBe('0.0.0.0.0.0.0.0.0.0.255.255.1.2.3.4');
    expect(['1:2', '1::2::3', 'g::', '1:2:3:4:5:6:7:8:9'].map((text) => parse('in6_pton', text)[0])).toEqual([0, 0, 0, 0]);
  });
});
