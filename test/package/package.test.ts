// The package as npm makes it: what is in it, and that its entries work for those who import them by name.
import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { ensureBuilt } from '../../tools/bootstrap.mjs';

const ROOT = path.resolve(import.meta.dirname, '../..');
beforeAll(() => ensureBuilt());

/** Runs a program that imports 'kobox' by its name, which Node resolves within the package itself. */
function importing(program: string): string {
  const { stdout, stderr } = spawnSync(process.execPath, ['--input-type=module', '-e', program], { cwd: ROOT, encoding: 'utf8' });
  expect(stderr).toBe('');
  return stdout;
}

describe('the package', () => {
  it('holds the build, the ABI and the licences, and nothing else', () => {
    const [{ files, size }] = JSON.parse(execFileSync('npm', ['pack', '--dry-run', '--json', '--loglevel=error'], { cwd: ROOT, encoding: 'utf8' }));
    const names: string[] = files.map((file: { path: string }) => file.path).filter((name: string) => !name.startsWith('dist/types/'));
    expect(names.sort()).toEqual([
      'LICENSE', 'README.md', 'abi/linux-6.1-amd64.kabi', 'bin/kobox.js', 'bin/package.json',
      'dist/THIRD-PARTY-LICENSES', 'dist/cli.cjs', 'dist/kobox.browser.js', 'dist/kobox.js', 'dist/signatures.js', 'package.json',
    ]);
    expect(size).toBeLessThan(4 << 20);
  });
  it("does what the README's example says", () => {
    const example = /```js\n([\s\S]*?)```/.exec(fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8'))![1]!;
    const output = importing(example.replace("'hello.ko'", "'modules/prebuilt/6.1/hello.ko'"));
    expect(output).toMatch(/^(\[ *\d+\.\d{6}\] .+\n){4}\s*hello 16384 0 - Live 0x[0-9a-f]{16} \(OE\)\n\nhello\n$/);
  });
  it('prints what the README shows', () => {
    const [, args, output] = /```\n\$ node bin\/kobox\.js (.*)\n([\s\S]*?)```/.exec(fs.readFileSync(path.join(ROOT, 'README.md'), 'utf8'))!;
    expect(execFileSync(process.execPath, ['bin/kobox.js', ...args!.split(' ')], { cwd: ROOT, encoding: 'utf8' })).toBe(output);
  });
  it("has an entry 'kobox/signatures'", () => {
    expect(importing("import { signatureVerifier } from 'kobox/signatures'; console.log(signatureVerifier([])(new Uint8Array(1), new Uint8Array(1)));")).toBe('unparsable\n');
  });
});
