// The distribution's own kernel, for runs under QEMU: downloaded once with apt-get, unpacked, kept in a cache folder.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import process from 'node:process';

const cacheFolder = () => process.env['KOBOX_KERNEL_CACHE'] ?? path.join(os.homedir(), '.cache', 'kobox-kernels');
const run = (command, args, options = {}) => execFileSync(command, args, { stdio: ['ignore', 'ignore', 'pipe'], maxBuffer: 1 << 28, ...options });

/**
 * Downloads linux-image-RELEASE and unpacks it; returns the folder that holds boot/ and lib/modules/.
 * @param {string} release
 * @param {(text: string) => void} say
 */
export function fetchKernel(release, say = (_text) => {}) {
  const folder = path.join(cacheFolder(), release);
  if (fs.existsSync(path.join(folder, 'boot', `vmlinuz-${release}`))) return folder;
  say(`fetching linux-image-${release}`);
  const partial = `${folder}.part`;
  fs.rmSync(partial, { recursive: true, force: true });
  fs.mkdirSync(partial, { recursive: true });
  const download = () => run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', 'download', `linux-image-${release}`], { cwd: partial });
  try {
    download();
  } catch {
    run('apt-get', ['update', '-qq']); // A fresh image has no package lists yet.
    download();
  }
  const deb = fs.readdirSync(partial).find((name) => name.endsWith('.deb'));
  if (!deb) throw new Error(`apt-get downloaded no linux-image-${release}`);
  run('dpkg-deb', ['-x', deb, '.'], { cwd: partial });
  fs.rmSync(path.join(partial, deb));
  fs.renameSync(partial, folder);
  return folder;
}

/**
 * An uncompressed vmlinux, made from vmlinuz once: QEMU starts it in seconds less than the compressed one. The payload's place
 * and size are in the setup header (x86 boot protocol 2.08).
 */
export function vmlinuxOf(release, say) {
  const folder = fetchKernel(release, say);
  const vmlinux = path.join(folder, 'vmlinux');
  if (fs.existsSync(vmlinux)) return vmlinux;
  const image = fs.readFileSync(path.join(folder, 'boot', `vmlinuz-${release}`));
  const start = (image[0x1f1] + 1) * 512 + image.readUInt32LE(0x248);
  const payload = image.subarray(start, start + image.readUInt32LE(0x24c) - 4);
  const tool = payload.readUInt32BE(0) === 0xfd377a58 ? ['xz', '-dc', '--single-stream'] : payload.readUInt32LE(0) === 0xfd2fb528 ? ['zstd', '-dcq'] : ['gzip', '-dc'];
  const plain = execFileSync(tool[0], tool.slice(1), { input: payload, maxBuffer: 1 << 28 });
  fs.writeFileSync(`${vmlinux}.part`, plain);
  fs.renameSync(`${vmlinux}.part`, vmlinux);
  return vmlinux;
}
