// Makes the ABI files that tests need beside the one that ships: of each installed kernel release that has modules to test, from
// the distribution's kernel package (tools/linux/kernel.mjs). The result is build/abi/RELEASE.kabi.
import fs from 'node:fs';
import path from 'node:path';
import { installedReleases } from './build-modules.mjs';
import { fetchKernel } from './linux/kernel.mjs';
import { loadTypeScript } from './load-ts.mjs';
import { isMain, ROOT } from './project.mjs';

/** Release of the ABI file that ships: the only text in it of that form. */
const shippedRelease = () => /\d+\.\d+\.\d+[\w.+-]*-amd64/.exec(fs.readFileSync(path.join(ROOT, 'abi', 'linux-6.1-amd64.kabi'), 'latin1'))?.[0];

export async function makeTestAbi(release, say = console.error) {
  const file = path.join(ROOT, 'build', 'abi', `${release}.kabi`);
  if (release === shippedRelease() || fs.existsSync(file)) return;
  const folder = fetchKernel(release, say);
  const { makeAbi } = await loadTypeScript('src/abi/make/make-abi.ts');
  const symvers = fs.readFileSync(`/usr/src/linux-headers-${release}/Module.symvers`, 'utf8');
  const bytes = makeAbi(fs.readFileSync(path.join(folder, 'boot', `vmlinuz-${release}`)), { symvers });
  fs.mkdirSync(path.dirname(file), { recursive: true });
  fs.writeFileSync(`${file}.part`, bytes);
  fs.renameSync(`${file}.part`, file);
}

if (isMain(import.meta)) for (const release of installedReleases()) await makeTestAbi(release);
