// The modules that are checked in are those of the sources: built again by the same compiler, they are the same bytes.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it } from 'vitest';
import { testModules } from '../test-kernel.ts';

const PREBUILT = path.resolve(import.meta.dirname, '../../modules/prebuilt/6.1');
const built = testModules('6.1');
const textOf = (file: string): string => fs.readFileSync(file, 'latin1');
const vermagicOf = (text: string): string | undefined => /vermagic=([^\0]*)/.exec(text)?.[1];
/** `GCC: (Debian 12.2.0-14+deb12u1) 12.2.0`, from .comment. */
const compilerOf = (text: string): string | undefined => /GCC: \([^)]*\) [\d.]+/.exec(text)?.[0];

const sameMaker = fs.readdirSync(PREBUILT).filter((name) => {
  const file = built.get(name);
  if (file === undefined || file.startsWith(PREBUILT)) return false;
  const [a, b] = [textOf(file), textOf(path.join(PREBUILT, name))];
  return vermagicOf(a) === vermagicOf(b) && compilerOf(a) === compilerOf(b);
});

it.skipIf(sameMaker.length === 0)('prebuilt modules are fresh', () => {
  const folder = fs.mkdtempSync(path.join(os.tmpdir(), 'kobox-prebuilt-'));
  const stale = sameMaker.filter((name) => {
    const stripped = path.join(folder, name);
    execFileSync('strip', ['--strip-debug', '-o', stripped, built.get(name)!]);
    return !fs.readFileSync(stripped).equals(fs.readFileSync(path.join(PREBUILT, name)));
  });
  fs.rmSync(folder, { recursive: true });
  expect(stale, 'run node tools/build-modules.mjs --prebuilt').toEqual([]);
});
