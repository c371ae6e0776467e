// A newc cpio archive (Linux: Documentation/driver-api/early-userspace/buffer-format.rst), uncompressed.

export class Initramfs {
  #entries = [];
  #folders = new Set(['']);

  folder(name) { this.#add(name, 0o40755); }
  file(name, data, mode = 0o644) { this.#add(name, 0o100000 | mode, Buffer.from(data)); }
  link(name, target) { this.#add(name, 0o120777, Buffer.from(target)); }
  device(name, major, minor) { this.#add(name, 0o20600, undefined, [major, minor]); }

  #add(name, mode, data = Buffer.alloc(0), device = [0, 0]) {
    const parent = name.slice(0, Math.max(0, name.lastIndexOf('/')));
    if (!this.#folders.has(parent)) this.folder(parent);
    if ((mode & 0o170000) === 0o40000) this.#folders.add(name);
    this.#entries.push({ name, mode, data, device });
  }

  bytes() {
    const parts = [];
    let length = 0;
    const put = (bytes) => { parts.push(bytes); length += bytes.length; };
    const pad = (to) => put(Buffer.alloc((to - (length % to)) % to));
    const trailer = { name: 'TRAILER!!!', mode: 0, data: Buffer.alloc(0), device: [0, 0] };
    [...this.#entries, trailer].forEach(({ name, mode, data, device }, i) => {
      const fields = [i + 1, mode, 0, 0, 1, 0, data.length, 0, 0, ...device, Buffer.byteLength(name) + 1, 0];
      put(Buffer.from(`070701${fields.map((n) => n.toString(16).padStart(8, '0')).join('')}${name}\0`));
      pad(4);
      put(data);
      pad(4);
    });
    pad(512);
    return Buffer.concat(parts);
  }
}
