// The host contract: every global of the host that the core may use. The core compiles with `lib: ES2023` alone, so
// anything that is not declared here does not compile. Node, browsers and workers all provide these.

declare namespace WebAssembly {
  interface MemoryDescriptor { initial: number; maximum?: number }
  class Memory { constructor(descriptor: MemoryDescriptor); readonly buffer: ArrayBuffer; grow(deltaPages: number): number }
  type TableElement = 'anyfunc' | 'externref';
  class Table {
    constructor(descriptor: { element: TableElement; initial: number; maximum?: number });
    readonly length: number;
    get(index: number): unknown;
    set(index: number, value: unknown): void;
    grow(delta: number): number;
  }
  class Global { constructor(descriptor: { value: string; mutable?: boolean }, value?: unknown); value: unknown }
  class Tag { constructor(descriptor: { parameters: string[] }) }
  class Module { constructor(bytes: Uint8Array<ArrayBuffer>) }
  type ExportValue = ((...args: never[]) => unknown) | Memory | Table | Global;
  type Imports = Record<string, Record<string, unknown>>;
  class Instance { constructor(module: Module, imports?: Imports); readonly exports: Record<string, ExportValue> }
  class RuntimeError extends Error {}
  function validate(bytes: Uint8Array<ArrayBuffer>): boolean;
}

declare class TextDecoder {
  constructor(label?: string, options?: { fatal?: boolean });
  decode(input?: Uint8Array): string;
}
declare class TextEncoder { encode(text: string): Uint8Array<ArrayBuffer> }
