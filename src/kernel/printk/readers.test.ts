import { beforeEach, expect, test } from 'vitest';
import { KMSG_SEEK, KmsgReader, LogPositions, SyslogReader } from './readers.ts';
import { RecordRing } from './ring.ts';

let ring: RecordRing;
let positions: LogPositions;
const push = (text: string): void => ring.push({ sequence: ring.nextSequence, facility: 0, level: 6, isFragment: false, timestampNs: 1_000_000_000n, text, device: undefined });
beforeEach(() => {
  ring = new RecordRing(1024);
  positions = new LogPositions();
});

test('/dev/kmsg: one record a read, nothing, then more', () => {
  const reader = new KmsgReader(ring, positions);
  expect(reader.read(100)).toBeUndefined();
  push('a');
  push('b');
  expect([reader.read(100), reader.read(100), reader.read(100)]).toEqual(['6,0,1000000,-;a\n', '6,1,1000000,-;b\n', undefined]);
});

test('/dev/kmsg: a small buffer, a loss, seeking', () => {
  const reader = new KmsgReader(ring, positions);
  push('a');
  expect(() => reader.read(5)).toThrow('EINVAL');
  for (let i = 0; i < 100; i++) push(`record ${i}`);
  expect(reader.hasLost).toBe(true);
  expect(() => reader.read(100)).toThrow('EPIPE');
  expect(reader.read(100)).toMatch(/record \d+\n$/);
  reader.seek(0, KMSG_SEEK.newest);
  expect(reader.hasMore).toBe(false);
  reader.seek(0, KMSG_SEEK.oldest);
  expect(reader.hasMore).toBe(true);
  new SyslogReader(ring, positions).clear();
  push('after');
  reader.seek(0, KMSG_SEEK.afterClear);
  expect(reader.read(100)).toMatch(/;after\n$/);
  expect(() => reader.seek(1, 0)).toThrow('ESPIPE');
  expect(() => reader.seek(0, 7)).toThrow('EINVAL');
});

test('syslog: consumes in pieces', () => {
  const reader = new SyslogReader(ring, positions);
  push('abc');
  push('de');
  expect(reader.unreadBytes).toBe(43);
  expect(reader.read(10)).toBe('<6>[    1.');
  expect(reader.unreadBytes).toBe(33);
  expect(reader.read(100)).toBe('000000] abc\n<6>[    1.000000] de\n');
  expect(reader.read(100)).toBe('');
});

test('syslog: the newest records that fit, since the last clear', () => {
  const reader = new SyslogReader(ring, positions);
  for (const text of ['a', 'b', 'c']) push(text);
  expect(reader.readAll(45)).toBe('<6>[    1.000000] b\n<6>[    1.000000] c\n');
  reader.clear();
  expect(reader.readAll(100)).toBe('');
  push('d');
  expect(reader.readAll(100)).toBe('<6>[    1.000000] d\n');
});
