// A vmlinuz (bzImage) holds the kernel as a compressed payload; where it lies is said by the boot protocol's header
// (docs.kernel.org "The Linux/x86 Boot Protocol", payload_offset and payload_length, version 2.08 on).

import { unpack } from '../../base/unpack/unpack.ts';
import { AbiError } from '../abi.ts';

const BOOT_FLAG = 0x1fe;
const HEADER_MAGIC = 0x202;
const PROTOCOL_VERSION = 0x206;
const SETUP_SECTORS = 0x1f1;
const PAYLOAD_OFFSET = 0x248;
const PAYLOAD_LENGTH = 0x24c;
/** A kernel lives in the top 2 GiB together with its modules; real ones are below 100 MB. */
const MAX_IMAGE = 1 << 30;

export const isVmlinuz = (bytes: Uint8Array): boolean =>
  bytes.length > 0x250 && bytes[BOOT_FLAG] === 0x55 && bytes[BOOT_FLAG + 1] === 0xaa && [0x48, 0x64, 0x72, 0x53].every((byte, i) => bytes[HEADER_MAGIC + i] === byte);

export function unpackVmlinuz(bytes: Uint8Array): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (view.getUint16(PROTOCOL_VERSION, true) < 0x208) throw new AbiError('the kernel image is too old: its boot protocol does not tell where the payload lies');
  const start = ((bytes[SETUP_SECTORS] || 4) + 1) * 512 + view.getUint32(PAYLOAD_OFFSET, true);
  const length = view.getUint32(PAYLOAD_LENGTH, true);
  if (start + length > bytes.length || length < 8) throw new AbiError('the kernel image is cut off');
  // The last four bytes of the payload are the size of what it unpacks to.
  const sizeBytes = view.getUint32(start + length - 4, true);
  if (sizeBytes > MAX_IMAGE) throw new AbiError('the kernel image claims to be larger than a kernel can be');
  return unpack(bytes.subarray(start, start + length - 4), { sizeBytes });
}
