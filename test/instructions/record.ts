// Records vectors on this machine's processor:
// node tools/run.mjs test/instructions/record.ts OUTPUT [--cases N] [--seed S]

import { writeFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { freshVectors, isUsable } from './batch.ts';
import { NativeEngine } from './native.ts';
import { writeVectors } from './vector-file.ts';

const option = (name: string, fallback: number): number => {
  const at = process.argv.indexOf(`--${name}`);
  return at < 0 ? fallback : Number(process.argv[at + 1]);
};
const STATES_PER_CASE = 4;
const native = new NativeEngine();
const groups = [...freshVectors(native, option('seed', 1), option('cases', 15000), undefined, STATES_PER_CASE)]
  .map((group) => group.filter((vector) => isUsable(vector.outcome))).filter((group) => group.length > 0);
native.dispose();
const packed = gzipSync(writeVectors(groups), { level: 9 });
writeFileSync(process.argv[2]!, packed);
console.log(`${groups.length} instructions, ${groups.reduce((n, g) => n + g.length, 0)} states, ${packed.length} bytes`);
