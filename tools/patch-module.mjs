// Makes a variant of a module from modules/variants.json: bytes that no compiler would write. Every edit keeps the layout of
// the file, and one that finds nothing to edit is an error.

const SHT_RELA = 4;
const R_X86_64 = { '64': 1, PC32: 2, PLT32: 4, '32S': 11 };

/** Section headers of an ELF64 file: name, type, and the offsets of header and content. */
function sections(image) {
  const at = Number(image.readBigUInt64LE(0x28));
  const headers = Array.from({ length: image.readUInt16LE(0x3c) }, (_, i) => at + i * image.readUInt16LE(0x3a));
  const names = Number(image.readBigUInt64LE(headers[image.readUInt16LE(0x3e)] + 24));
  return headers.map((header) => {
    const name = names + image.readUInt32LE(header);
    return {
      name: image.toString('latin1', name, image.indexOf(0, name)),
      header,
      type: image.readUInt32LE(header + 4),
      offset: Number(image.readBigUInt64LE(header + 24)),
      size: Number(image.readBigUInt64LE(header + 32)),
    };
  });
}

function section(image, name) {
  const found = sections(image).find((s) => s.name === name);
  if (!found) throw new Error(`no section ${name}`);
  return found;
}

const edits = {
  /** Pairs of texts of equal length; every occurrence is replaced. */
  replace(image, ...texts) {
    for (let i = 0; i < texts.length; i += 2) {
      const from = Buffer.from(texts[i], 'latin1');
      const to = Buffer.from(texts[i + 1], 'latin1');
      if (from.length !== to.length) throw new Error(`"${texts[i]}" and its replacement differ in length`);
      let at = image.indexOf(from);
      if (at < 0) throw new Error(`"${texts[i]}" does not occur`);
      for (; at >= 0; at = image.indexOf(from, at + 1)) to.copy(image, at);
    }
    return image;
  },
  /** CRC of an imported symbol in __versions. */
  crc(image, symbol, value) {
    const { offset, size } = section(image, '__versions');
    for (let at = offset; at < offset + size; at += 64) {
      if (image.toString('latin1', at + 8, image.indexOf(0, at + 8)) !== symbol) continue;
      image.writeUInt32LE(value, at);
      return image;
    }
    throw new Error(`${symbol} is not in __versions`);
  },
  bytes(image, at, hex) {
    Buffer.from(hex, 'hex').copy(image, at);
    return image;
  },
  truncate: (image, length) => image.subarray(0, length),
  append: (image, text) => Buffer.concat([image, Buffer.from(text, 'latin1')]),
  section(image, name, field, value) {
    const { header } = section(image, name);
    if (field === 'type') image.writeUInt32LE(value, header + 4);
    else image.writeBigUInt64LE(BigInt(value), header + 8);
    return image;
  },
  /** New type of a relocation, given by its index or as the first one of a type. */
  relocation(image, name, which, type) {
    const { offset, size } = section(image, name);
    for (let at = offset, i = 0; at < offset + size; at += 24, i++) {
      if (typeof which === 'number' ? i !== which : image.readUInt32LE(at + 8) !== R_X86_64[which]) continue;
      image.writeUInt32LE(type, at + 8);
      return image;
    }
    throw new Error(`${name} has no such relocation`);
  },
};

export { SHT_RELA, sections };

/** `variant` is an entry of variants.json, `original` the module it is made from. */
export function patchModule(original, variant) {
  let image = Buffer.from(original);
  for (const [edit, args] of Object.entries(variant)) {
    if (edit === 'name' || edit === 'from') continue;
    try {
      image = edits[edit](image, ...[args].flat());
    } catch (error) {
      throw new Error(`variant ${variant.name}: ${error.message}`);
    }
  }
  return image;
}
