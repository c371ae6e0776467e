import { beforeEach, describe, expect, test } from 'vitest';
import { LibraryMachine } from '../../../test/kernel/library-machine.ts';
import type { Ptr } from '../../base/ptr.ts';

let m: LibraryMachine;
beforeEach(() => { m = new LibraryMachine(); });
const S = (text: string): Ptr => m.string(text);

describe('kstrto*', () => {
  test('values, bases, signs, errors', () => {
    const parse = (symbol: string, text: string, base = 0): bigint | number => {
      const result = m.word(-1);
      const status = m.call(symbol, S(text), base, result);
      return status === 0 ? m.ram.readU64(result) : status;
    };
    const low = (symbol: string, bits: number, text: string): bigint | number => {
      const value = parse(symbol, text);
      return typeof value === 'bigint' ? BigInt.asUintN(bits, value) : value;
    };
    for (const symbol of ['kstrtoull', '_kstrtoul']) {
      expect([parse(symbol, '0'), parse(symbol, '18446744073709551615'), parse(symbol, '0x10\n'), parse(symbol, '010'), parse(symbol, '+5'), parse(symbol, 'ff', 16), parse(symbol, '101', 2)]).toEqual([0n, (1n << 64n) - 1n, 16n, 8n, 5n, 255n, 5n]);
      expect([parse(symbol, ''), parse(symbol, '-1'), parse(symbol, '1x'), parse(symbol, '\n'), parse(symbol, '18446744073709551616'), parse(symbol, '5\n\n'), parse(symbol, 'zz', 36)]).toEqual([-22, -22, -22, -22, -34, -22, -22]);
    }
    for (const symbol of ['kstrtoll', '_kstrtol']) {
      expect([parse(symbol, '-9223372036854775808'), parse(symbol, '9223372036854775807')]).toEqual([1n << 63n, (1n << 63n) - 1n]);
      expect([parse(symbol, '9223372036854775808'), parse(symbol, '-9223372036854775809'), parse(symbol, '-')]).toEqual([-34, -34, -22]);
    }
    expect([low('kstrtouint', 32, '4294967295'), low('kstrtouint', 32, '4294967296'), low('kstrtou16', 16, '65535'), low('kstrtou16', 16, '65536'), low('kstrtou8', 8, '0377'), low('kstrtou8', 8, '256')]).toEqual([0xffffffffn, -34, 0xffffn, -34, 255n, -34]);
    expect([low('kstrtoint', 32, '-5'), low('kstrtoint', 32, '2147483648'), low('kstrtos16', 16, '-32768'), low('kstrtos16', 16, '32768'), low('kstrtos8', 8, '-128'), low('kstrtos8', 8, '128')]).toEqual([0xfffffffbn, -34, 0x8000n, -34, 0x80n, -34]);
    const flag = m.alloc(1);
    const bool = (text: string): number => m.call('kstrtobool', S(text), flag) === 0 ? m.ram.readU8(flag) : -1;
    expect(['y', 'Yes', '1', 'on', 'On', 'n', 'no', '0', 'off', 'oF', 'o', 'maybe', '', '2'].map(bool)).toEqual([1, 1, 1, 1, 1, 0, 0, 0, 0, 0, -1, -1, -1, -1]);
    expect(m.call('kstrtobool', 0, flag)).toBe(-22);
  });
});

describe('simple_strto*', () => {
  test('reads what is a number and says where it ends', () => {
    const parse = (symbol: string, text: string, base = 0): [number, string] => {
      const [s, end] = [S(text), m.word()];
      const value = m.call(symbol, s, end, base);
      return [value, m.text(m.ram.readPtr(end))];
    };
    expect(parse('simple_strtoul', '42abc', 10)).toEqual([42, 'abc']);
    expect(parse('simple_strtoul', '0x1fg')).toEqual([31, 'g']);
    expect(parse('simple_strtoull', '0x', 0)).toEqual([0, 'x']);
    expect(parse('simple_strtol', '-12 ', 10)).toEqual([-12, ' ']);
    expect(parse('simple_strtoll', '-9223372036854775808', 10)).toEqual([-(2 ** 63), '']);
    expect(parse('simple_strtoull', '18446744073709551617', 10)).toEqual([1, '']);
    expect(m.call('simple_strtoul', S('7'), 0, 10)).toBe(7);
  });
});

describe('command line', () => {
  test('get_option and get_options', () => {
    const [cursor, value] = [m.word(S('3,7-9,x')), m.alloc(4)];
    const next = (): [number, number, string] => [m.call('get_option', cursor, value), m.ram.readI32(value), m.text(m.ram.readPtr(cursor))];
    expect(next()).toEqual([2, 3, '7-9,x']);
    expect(next()).toEqual([3, 7, '-9,x']);
    expect(next()).toEqual([2, -9, 'x']);
    expect(next()[0]).toBe(0);
    const ints = m.alloc(64);
    const list = (text: string, capacity = 10): [string, number[]] => {
      const rest = m.text(m.call('get_options', S(text), capacity, ints));
      return [rest, Array.from({ length: capacity === 0 ? 1 : m.ram.readI32(ints) + 1 }, (_, i) => m.ram.readI32(ints + i * 4))];
    };
    expect(list('1,5-7,0x10 rest')).toEqual([' rest', [5, 1, 5, 6, 7, 16]]);
    expect(list('1,2,3', 3)[1]).toEqual([2, 1, 2]);
    expect(list('1-3', 0)).toEqual(['', [3]]);
  });
  test('memparse and next_arg', () => {
    const end = m.word();
    const size = (text: string): [bigint, string] => [m.call('memparse', S(text), end), m.text(m.ram.readPtr(end))];
    expect([size('5'), size('4K,'), size('0x10M'), size('2g'), size('1T'), size('3p'), size('1E')]).toEqual([[5n, ''], [4096n, ','], [16n << 20n, ''], [2n << 30n, ''], [1n << 40n, ''], [3n << 50n, ''], [1n << 60n, '']]);
    const [param, value] = [m.word(), m.word()];
    const split = (text: string): [string, string | null, string] => {
      const rest = m.call('next_arg', S(text), param, value);
      const at = m.ram.readPtr(value);
      return [m.text(m.ram.readPtr(param)), at === 0 ? null : m.text(at), m.text(rest)];
    };
    expect(split('a=1 b=2')).toEqual(['a', '1', 'b=2']);
    expect(split('flag   next')).toEqual(['flag', null, 'next']);
    expect(split('name="two words" x')).toEqual(['name', 'two words', 'x']);
    expect(split('"name=two words" x')).toEqual(['name', 'two words', 'x']);
  });
});

describe('tokens', () => {
  test('match_token and its conversions', () => {
    const entries: [number, string][] = [[1, 'size=%u'], [2, 'name=%s'], [3, 'mode=%o'], [4, 'flag'], [5, '%d..%d'], [6, 'hex=%x'], [7, '%2s:%s'], [8, '100%%']];
    const table = m.alloc((entries.length + 1) * 16);
    entries.forEach(([token, pattern], i) => {
      m.ram.writeU32(table + i * 16, token);
      m.ram.writePtr(table + i * 16 + 8, S(pattern));
    });
    m.ram.writeU32(table + entries.length * 16, 99);
    const args = m.alloc(3 * 16);
    const match = (text: string): number => m.call('match_token', S(text), table, args);
    const number = (symbol: string, arg = args): number => {
      const result = m.word();
      const status = m.call(symbol, arg, result);
      return status === 0 ? m.ram.readI32(result) : status;
    };
    expect([match('size=42'), number('match_int'), number('match_uint')]).toEqual([1, 42, 42]);
    const wide = m.word();
    expect([m.call('match_u64', args, wide), m.ram.readU64(wide)]).toEqual([0, 42n]);
    expect([match('mode=755'), number('match_octal')]).toEqual([3, 0o755]);
    expect([match('hex=ff'), number('match_hex')]).toEqual([6, 255]);
    expect([match('-5..10'), number('match_int'), number('match_int', args + 16)]).toEqual([5, -5, 10]);
    expect([match('ab:rest'), m.text(m.call('match_strdup', args + 16))]).toEqual([7, 'rest']);
    const copy = m.alloc(8);
    expect([match('name=kobox'), m.call('match_strlcpy', copy, args, 4), m.text(copy), number('match_int'), number('match_u64')]).toEqual([2, 5, 'kob', -22, -22]);
    expect([match('flag'), match('flags'), match('100%'), match(''), match('size=')]).toEqual([4, 99, 8, 99, 99]);
    expect([m.call('match_wildcard', S('a*c?'), S('abbcd')), m.call('match_wildcard', S('a[b]'), S('ab'))]).toEqual([true, false]);
  });
  test('glob_match', () => {
    const glob = (pattern: string, text: string): boolean => m.call('glob_match', S(pattern), S(text));
    expect([glob('a*', 'abc'), glob('*.ko', 'x.ko'), glob('?x', 'ax'), glob('[a-c]1', 'b1'), glob('[!a-c]1', 'b1'), glob('\\*', '*'), glob('*a*b*', 'xxaxxbx'), glob('', ''), glob('a', '')]).toEqual([true, true, true, true, false, true, true, true, false]);
    expect([glob('[]]', ']'), glob('[a', '[a'), glob('a*b', 'acd')]).toEqual([true, true, false]);
  });
  test('argv_split', () => {
    const count = m.alloc(4);
    const argv = m.call('argv_split', 0xcc0, S('  one two\tthree '), count);
    expect(m.ram.readU32(count)).toBe(3);
    expect([0, 1, 2].map((i) => m.text(m.ram.readPtr(argv + i * 8)))).toEqual(['one', 'two', 'three']);
    expect(m.ram.readPtr(argv + 24)).toBe(0);
    const live = [...m.memory.slab.live()].length;
    m.call('argv_free', argv);
    expect([...m.memory.slab.live()].length).toBe(live - 2);
  });
});

describe('hexadecimal, base64, uuid', () => {
  test('hex', () => {
    expect(['0', 'f', 'F', 'g', '\0'].map((c) => m.call('hex_to_bin', c.charCodeAt(0)))).toEqual([0, 15, 15, -1, -1]);
    const dest = m.alloc(8);
    expect([m.call('hex2bin', dest, S('0aFf'), 2), m.ram.readU16(dest)]).toEqual([0, 0xff0a]);
    expect(m.call('hex2bin', dest, S('0g'), 1)).toBe(-22);
    expect([m.call('bin2hex', dest, m.bytes([0x0a, 0xff]), 2) - dest, m.ram.cstring(dest, 4)]).toEqual([4, '0aff']);
  });
  test('base64', () => {
    const encode = (text: string): string => {
      const dest = m.alloc(32);
      return m.ram.cstring(dest, m.call('base64_encode', S(text), text.length, dest));
    };
    expect(['', 'f', 'fo', 'foo', 'foobar'].map(encode)).toEqual(['', 'Zg', 'Zm8', 'Zm9v', 'Zm9vYmFy']);
    const dest = m.alloc(32);
    expect([m.call('base64_decode', S('Zm9vYmFy'), 8, dest), m.ram.cstring(dest, 6)]).toEqual([6, 'foobar']);
    expect([m.call('base64_decode', S('Z!'), 2, dest), m.call('base64_decode', S('Zh'), 2, dest)]).toEqual([-1, -1]);
  });
  test('uuid', () => {
    const text = S('01234567-89ab-cdef-0123-456789ABCDEF');
    const [uuid, guid] = [m.alloc(16), m.alloc(16)];
    expect([m.call('uuid_parse', text, uuid), m.call('guid_parse', text, guid), m.call('uuid_is_valid', text), m.call('uuid_is_valid', S('0123'))]).toEqual([0, 0, true, false]);
    expect([m.ram.readU32(uuid), m.ram.readU32(guid), m.ram.readU8(uuid + 15)]).toEqual([0x67452301, 0x01234567, 0xef]);
    expect(m.call('uuid_parse', S('xyz'), uuid)).toBe(-22);
    for (const [symbol, version] of [['uuid_gen', 6], ['generate_random_uuid', 6], ['guid_gen', 7], ['generate_random_guid', 7]] as const) {
      m.call(symbol, uuid);
      expect([m.ram.readU8(uuid + version) >> 4, m.ram.readU8(uuid + 8) >> 6]).toEqual([4, 2]);
    }
    expect([m.ram.readU64(m.data('uuid_null')), m.ram.readU64(m.data('guid_null'))]).toEqual([0n, 0n]);
  });
});

describe('random numbers', () => {
  test('repeat for a seed, differ for another', () => {
    const draw = (seed: bigint): unknown[] => {
      m = new LibraryMachine({ seed });
      const at = m.alloc(16);
      m.call('get_random_bytes', at, 11);
      m.call('add_device_randomness', at, 11);
      return [m.ram.readU64(at), m.call('get_random_u8'), m.call('get_random_u16'), m.call('get_random_u32'), m.call('get_random_u64'), m.call('rng_is_initialized')];
    };
    const first = draw(1n);
    expect(draw(1n)).toEqual(first);
    expect(draw(2n)).not.toEqual(first);
    const below = Array.from({ length: 200 }, () => m.call('__get_random_u32_below', 10) as number);
    expect([Math.min(...below), Math.max(...below)]).toEqual([0, 9]);
  });
  test('prandom follows taus113', () => {
    const state = m.alloc(16);
    [2, 8, 16, 128].forEach((word, i) => { m.ram.writeU32(state + i * 4, word); });
    const first = m.call('prandom_u32_state', state);
    [2, 8, 16, 128].forEach((word, i) => { m.ram.writeU32(state + i * 4, word); });
    const bytes = m.alloc(8);
    m.call('prandom_bytes_state', state, bytes, 6);
    expect(m.ram.readU32(bytes)).toBe(first);
    expect(m.ram.readU16(bytes + 6)).toBe(0);
  });
});

describe('arithmetic', () => {
  test('gcd, lcm, roots, powers, population counts', () => {
    expect([m.call('gcd', 12, 18), m.call('gcd', 0, 5), m.call('lcm', 4, 6), m.call('lcm', 0, 5), m.call('lcm_not_zero', 0, 5), m.call('lcm_not_zero', 4, 6)]).toEqual([6, 5, 12, 0, 5, 12]);
    expect([0, 1, 15, 16, 17, 2 ** 40].map((n) => m.call('int_sqrt', n))).toEqual([0, 1, 3, 4, 4, 2 ** 20]);
    expect(m.call('int_sqrt', (1n << 64n) - 1n)).toBe(2 ** 32 - 1);
    expect([m.call('int_pow', 3n, 4), m.call('int_pow', 2n, 64)]).toEqual([81n, 0n]);
    expect([m.call('__sw_hweight32', 0xf0f0), m.call('__sw_hweight32', -1), m.call('__sw_hweight64', -1), m.call('__sw_hweight64', 0x8000_0001)]).toEqual([8, 32, 64, 2]);
  });
  test('rational_best_approximation against an exhaustive search', () => {
    const [num, den] = [m.word(), m.word()];
    for (const [n, d, maxN, maxD] of [[31415, 10000, 100, 20], [1, 3, 10, 10], [155, 17, 5, 30], [7, 100, 255, 10], [0, 5, 9, 9]] as const) {
      m.call('rational_best_approximation', n, d, maxN, maxD, num, den);
      const value = Number(m.ram.readU64(num)) / Number(m.ram.readU64(den));
      let best = Number.POSITIVE_INFINITY;
      for (let p = 0; p <= maxN; p++) for (let q = 1; q <= maxD; q++) best = Math.min(best, Math.abs(p / q - n / d));
      expect(Math.abs(value - n / d)).toBeCloseTo(best, 12);
    }
  });
  test('reciprocal_value divides exactly', () => {
    for (const d of [1, 2, 3, 7, 10, 1000, 0x7fff_ffff]) {
      const packed = BigInt.asUintN(64, BigInt(m.call('reciprocal_value', d)));
      const [multiplier, shift1, shift2] = [packed & 0xffff_ffffn, (packed >> 32n) & 0xffn, (packed >> 40n) & 0xffn];
      for (const a of [0n, 1n, 9n, 12345678n, 0xffff_ffffn]) {
        const t = (a * multiplier) >> 32n;
        expect((t + ((a - t) >> shift1)) >> shift2).toBe(a / BigInt(d));
      }
    }
  });
});
