// Reading memory that may not be there, for debuggers and traces. Linux: mm/maccess.c.

import type { Ptr } from '../../base/ptr.ts';
import { MemoryFault, type Ram } from '../../base/ram.ts';
import { Errno } from '../errors.ts';
import { type ExportTable, fn } from '../exports/define.ts';

export function maccessExports(ram: Ram): ExportTable {
  return {
    copy_from_kernel_nofault: fn('copy_from_kernel_nofault', (dst: Ptr, src: Ptr, size: number) => {
      // User addresses, NULL among them, are none of its business.
      if (src >= 0) throw new Errno('ERANGE', 'not an address of the kernel');
      try {
        ram.bytes(src, size);
      } catch (error) {
        if (error instanceof MemoryFault) throw new Errno('EFAULT', 'no memory there');
        throw error;
      }
      ram.copy(dst, src, size);
      return 0;
    }),
  };
}
