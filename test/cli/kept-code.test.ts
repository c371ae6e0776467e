// bin/kobox.js keeps the compiled code of `kobox run`: it is used, replaced when damaged, and never needed.
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../tools/bootstrap.mjs';
import { ROOT } from '../structure/imports.ts';

const caches = fs.mkdtempSync(path.join(os.tmpdir(), 'kobox-kept-code-'));
const folder = path.join(caches, 'kobox');
const HELLO = path.join(ROOT, 'modules/prebuilt/6.1/hello.ko');

const run = (args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  spawnSync(process.execPath, [path.join(ROOT, 'bin/kobox.js'), ...args], { encoding: 'utf8', env: { ...process.env, NODE_OPTIONS: '', XDG_CACHE_HOME: caches, ...env } });
const runHello = (env?: NodeJS.ProcessEnv): void => {
  const { status, stdout, stderr } = run(['run', HELLO], env);
  expect({ status, stderr, last: stdout.trim().split('\n').at(-1) }).toMatchObject({ status: 0, stderr: '', last: expect.stringMatching(/Goodbye/) });
};
const kept = (): string[] => (fs.existsSync(folder) ? fs.readdirSync(folder) : []);
const file = (): string => path.join(folder, kept()[0]!);

beforeAll(() => ensureBuilt(() => {}));
afterAll(() => fs.rmSync(caches, { recursive: true, force: true }));

describe('kept code', () => {
  it('is left by a run that went well, not by other commands', () => {
    run(['--help']);
    run(['run', '/nowhere/missing.ko']);
    runHello({ NODE_DISABLE_COMPILE_CACHE: '1' });
    expect(kept()).toEqual([]);
    runHello();
    expect(kept()).toEqual([expect.stringMatching(/^run-[0-9a-f]{16}-v.*\.code$/)]);
  });

  it('stays as it is while it is good', () => {
    const before = fs.statSync(file()).mtimeMs;
    runHello();
    expect(fs.statSync(file()).mtimeMs).toBe(before);
  });

  it.each([['cut off', (bytes: Buffer) => bytes.subarray(0, bytes.length >> 1)], ['changed', (bytes: Buffer) => {
    const copy = Buffer.from(bytes);
    for (let at = 1000; at < copy.length; at += 1000) copy[at]! ^= 0x55;
    return copy;
  }]])('is replaced when it was %s', (_how, damage) => {
    const bad = damage(fs.readFileSync(file()));
    fs.writeFileSync(file(), bad);
    runHello();
    expect(fs.readFileSync(file()).equals(bad)).toBe(false);
    runHello();
  });

  it('is not needed: a cache folder that cannot be made', () => {
    fs.writeFileSync(path.join(caches, 'file'), '');
    runHello({ XDG_CACHE_HOME: path.join(caches, 'file') });
  });
});
