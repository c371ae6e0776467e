import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { BtfBuilder } from '../../../test/abi/btf-builder.ts';
import { smallAbiFile } from '../../../test/abi/small-abi.ts';
import { loadDefaultAbi } from '../../host/node/default-abi.ts';
import { openAbi } from '../open.ts';
import { formatPrototype } from './format-prototype.ts';
import { formatStruct } from './format-struct.ts';

// Recorded with `pahole -F btf` 1.24 from the BTF of 6.1.0-56-amd64.
const recorded = readFileSync('test/abi/pahole-6.1.txt', 'utf8').split(/(?<=^};\n)/m);

test('structs print as pahole prints them', () => {
  const abi = loadDefaultAbi();
  expect(recorded.length).toBeGreaterThan(50);
  for (const text of recorded) expect(formatStruct(abi.struct<string>(/^\w+ (\w+)/.exec(text)![1]!))).toBe(text);
});

test('holes, bit holes, padding', () => {
  const b = new BtfBuilder();
  const [char, int, long] = [b.int('char', 1, 1), b.int('int', 4, 1), b.int('long int', 8, 1)];
  b.struct('s', 32, [['c', char, 0, 0], ['a', int, 32, 3], ['b', int, 40, 1], ['l', long, 64, 0], ['d', int, 128, 0]]);
  expect(formatStruct(openAbi(smallAbiFile(b)).struct('s'))).toBe([
    'struct s {',
    '\tchar                       c;                    /*     0     1 */', '',
    '\t/* XXX 3 bytes hole, try to pack */', '',
    '\tint                        a:3;                  /*     4: 0  4 */', '',
    '\t/* XXX 5 bits hole, try to pack */', '',
    '\tint                        b:1;                  /*     4: 8  4 */', '',
    '\t/* XXX 23 bits hole, try to pack */', '',
    '\tlong int                   l;                    /*     8     8 */',
    '\tint                        d;                    /*    16     4 */', '',
    '\t/* size: 32, cachelines: 1, members: 5 */',
    '\t/* sum members: 13, holes: 1, sum holes: 3 */',
    '\t/* sum bitfield members: 4 bits, bit holes: 2, sum bit holes: 28 bits */',
    '\t/* padding: 12 */',
    '\t/* last cacheline: 32 bytes */',
    '};', '',
  ].join('\n'));
});

test('prototypes as C', () => {
  const abi = loadDefaultAbi();
  const text = (name: string): string => formatPrototype(abi.prototype(name)!);
  expect(text('register_chrdev_region')).toBe('int register_chrdev_region(dev_t from, unsigned int count, const char *name)');
  expect(text('_printk')).toBe('int _printk(const char *fmt, ...)');
  expect(text('schedule')).toBe('void schedule(void)');
  expect(text('kthread_create_on_node')).toBe('struct task_struct *kthread_create_on_node(int (*threadfn)(void *), void *data, int node, const char *namefmt, ...)');
  expect(text('memcpy')).toBe('void *memcpy(void *dest, const void *src, unsigned long n)');
});
