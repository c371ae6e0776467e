// Interrupt domains: the numbers of a controller's inputs mapped to those of Linux. `struct irq_domain` lies in guest memory, its
// table of irq_data behind it; numbers beyond that table are found by a map here. Linux: kernel/irq/irqdomain.c.
// Domains that stack on others (irq_domain_create_hierarchy) are not there.

import type { Abi, StructLayout } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import { listInit } from '../../abi/list-head.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import type { Cpu } from '../../cpu/api.ts';
import { type Allocator, GFP_KERNEL, type Log, type SourceLine } from '../services.ts';
import type { Chips } from './chips.ts';
import type { IrqDescriptors, IrqLine } from './descriptors.ts';
import { IRQ } from './flags.ts';

export interface DomainDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly allocator: Allocator;
  readonly log: Log;
  readonly descriptors: IrqDescriptors;
  readonly chips: Chips;
  readonly callSite: (name: string) => Ptr;
  readonly warn: (at: SourceLine, text: string) => void;
  readonly fwnodeOps: () => Ptr;
  /** What irq_set_chip_and_handler(irq, NULL, NULL) leaves. */
  readonly strip: (line: IrqLine) => void;
}

export interface DomainRequest { readonly fwnode: Ptr<'fwnode_handle'>; readonly size: number; readonly hwirqMax: number; readonly ops: Ptr<'irq_domain_ops'>; readonly hostData: Ptr; readonly flags?: number; readonly busToken?: number }

type Domain = Ptr<'irq_domain'>;
type DomainFunction = 'map' | 'unmap' | 'activate' | 'deactivate';

const KERN_INFO = 6;
const NO_MEMORY = 0;

export class IrqDomains {
  readonly #deps: DomainDeps;
  readonly #layout: StructLayout;
  readonly #ops: StructLayout;
  /** Mappings that do not fit the table of their domain, by domain and number. */
  readonly #sparse = new Map<Domain, Map<number, IrqLine>>();
  readonly #nodeNames = new Map<Ptr, Ptr<'char'>>();
  #nrUnnamed = 0;

  constructor(deps: DomainDeps) {
    this.#deps = deps;
    this.#layout = deps.abi.struct<string>('irq_domain');
    this.#ops = deps.abi.struct<string>('irq_domain_ops');
  }

  /** A firmware node of no firmware: gives a domain its name. */
  createNode(name: string): Ptr<'fwnode_handle'> {
    const { ram, abi, allocator, fwnodeOps } = this.#deps;
    const layout = abi.struct<string>('fwnode_handle');
    const node = allocator.kmalloc(layout.sizeBytes, GFP_KERNEL);
    const text = this.#string(name);
    if (!node || !text) return NO_MEMORY;
    ram.fill(node, layout.sizeBytes);
    ram.writePtr(node + layout.offset('ops'), fwnodeOps());
    for (const list of ['suppliers', 'consumers']) listInit(ram, node + layout.offset(list));
    this.#nodeNames.set(node, text);
    return node;
  }
  freeNode(node: Ptr<'fwnode_handle'>): void {
    const name = this.#nodeNames.get(node);
    if (name === undefined) return;
    this.#nodeNames.delete(node);
    this.#deps.allocator.kfree(name);
    this.#deps.allocator.kfree(node);
  }

  /** 0: no memory. */
  create(request: DomainRequest): Domain {
    const { ram, allocator } = this.#deps;
    const at = (path: string): number => this.#layout.offset(path);
    const bytes = at('revmap') + 8 * request.size;
    const domain = allocator.kmalloc(bytes, GFP_KERNEL);
    const nodeName = this.#nodeNames.get(request.fwnode);
    const name = this.#string(nodeName === undefined ? `unknown-${++this.#nrUnnamed}` : ram.cstring(nodeName));
    if (!domain || !name) return NO_MEMORY;
    ram.fill(domain, bytes);
    listInit(ram, domain + at('link'));
    ram.writePtr(domain + at('name'), name);
    ram.writePtr(domain + at('ops'), request.ops);
    ram.writePtr(domain + at('host_data'), request.hostData);
    ram.writeU32(domain + at('flags'), request.flags ?? 0);
    ram.writePtr(domain + at('fwnode'), request.fwnode);
    ram.writeU32(domain + at('bus_token'), request.busToken ?? 0);
    ram.writePtr(domain + at('hwirq_max'), request.hwirqMax);
    ram.writeU32(domain + at('revmap_size'), request.size);
    const mutex = this.#layout.hasField('revmap_mutex') ? 'revmap_mutex' : 'mutex';
    listInit(ram, domain + at(`${mutex}.wait_list`));
    if (this.#layout.hasField('root')) ram.writePtr(domain + at('root'), domain);
    this.#sparse.set(domain, new Map());
    return domain;
  }
  remove(domain: Domain): void {
    const { ram, allocator } = this.#deps;
    if (!this.#sparse.delete(domain)) return;
    allocator.kfree(ram.readPtr(domain + this.#layout.offset('name')));
    allocator.kfree(domain);
  }

  find(domain: Domain, hwirq: number): IrqLine | undefined {
    const { ram, descriptors } = this.#deps;
    if (domain === 0) return undefined;
    if (hwirq >= ram.readU32(domain + this.#layout.offset('revmap_size'))) return this.#sparse.get(domain)?.get(hwirq);
    const data = ram.readPtr(this.#slot(domain, hwirq));
    return data === 0 ? undefined : descriptors.line(ram.readU32(data + this.#deps.abi.struct<string>('irq_data').offset('irq')));
  }
  /** irq_create_mapping(): the number of Linux, 0 when there is none to be had. */
  map(domain: Domain, hwirq: number): number {
    const { descriptors } = this.#deps;
    const known = this.find(domain, hwirq);
    if (known) return known.irq;
    if (domain === 0) return 0;
    const irq = descriptors.alloc(-1, 1, 1, 0);
    if (irq <= 0) return 0;
    if (this.associate(domain, irq, hwirq, ['irq_create_mapping_affinity_locked']) === 0) return irq;
    descriptors.free(irq, 1);
    return 0;
  }
  /** irq_domain_associate(): 0 or -errno. `via`: who asks, for the trace of a warning. */
  associate(domain: Domain, irq: number, hwirq: number, via: readonly string[] = []): number {
    const { ram, descriptors, log, warn, chips } = this.#deps;
    const name = (): string => ram.cstring(ram.readPtr(domain + this.#layout.offset('name')));
    const at = (line: number): SourceLine => ({ file: 'kernel/irq/irqdomain.c', line, symbol: 'irq_domain_associate_locked', via });
    if (hwirq >= ram.readULong(domain + this.#layout.offset('hwirq_max'))) {
      warn(at(561), `error: hwirq 0x${hwirq.toString(16)} is too large for ${name()}`);
      return -ERRNO.EINVAL;
    }
    const line = descriptors.line(irq);
    if (!line) {
      warn(at(564), `error: irq_desc not allocated for virq${irq}`);
      return -ERRNO.EINVAL;
    }
    if (line.domain !== 0) {
      warn(at(566), `error: virq${irq} is already associated`);
      return -ERRNO.EINVAL;
    }
    line.hwirq = hwirq;
    line.domain = domain;
    const error = (this.#call(domain, 'map', irq, hwirq) ?? 0) | 0;
    if (error !== 0) {
      if (error !== -ERRNO.EPERM) log.printk(KERN_INFO, `irq: ${name()} didn't like hwirq-0x${hwirq.toString(16)} to VIRQ${irq} mapping (rc=${error})`);
      line.domain = 0;
      line.hwirq = 0;
      return error;
    }
    if (ram.readPtr(domain + this.#layout.offset('name')) === 0) {
      const chipName = chips.name(line);
      if (chipName !== undefined) ram.writePtr(domain + this.#layout.offset('name'), this.#string(chipName));
    }
    this.#countMapped(domain, 1);
    if (hwirq < ram.readU32(domain + this.#layout.offset('revmap_size'))) ram.writePtr(this.#slot(domain, hwirq), line.data);
    else this.#sparse.get(domain)?.set(hwirq, line);
    line.status &= ~IRQ.NOREQUEST;
    return 0;
  }
  /** irq_dispose_mapping(). */
  dispose(irq: number): void {
    const { ram, descriptors, strip } = this.#deps;
    const line = descriptors.line(irq);
    if (irq === 0 || !line || line.domain === 0) return;
    const { domain, hwirq } = line;
    line.status |= IRQ.NOREQUEST;
    strip(line);
    this.#call(domain, 'unmap', irq);
    line.domain = 0;
    line.hwirq = 0;
    this.#countMapped(domain, -1);
    if (hwirq < ram.readU32(domain + this.#layout.offset('revmap_size'))) ram.writePtr(this.#slot(domain, hwirq), 0);
    else this.#sparse.get(domain)?.delete(hwirq);
    descriptors.free(irq, 1);
  }

  /** irq_domain_activate_irq(), for the first action of a line. */
  activate(line: IrqLine): number { return line.domain === 0 ? 0 : (this.#call(line.domain, 'activate', line.data, 0) ?? 0) | 0; }
  deactivate(line: IrqLine): void { if (line.domain !== 0) this.#call(line.domain, 'deactivate', line.data); }

  #call(domain: Domain, name: DomainFunction, ...args: readonly number[]): number | undefined {
    const { ram, cpu, callSite } = this.#deps;
    const ops = ram.readPtr(domain + this.#layout.offset('ops'));
    const target = ops === 0 ? 0 : ram.readPtr(ops + this.#ops.offset(name));
    return target === 0 ? undefined : cpu.call(target, [domain, ...args], callSite(name === 'map' ? 'irq_domain_associate_locked' : 'irq_domain_disassociate'));
  }
  #slot(domain: Domain, hwirq: number): Ptr { return domain + this.#layout.offset('revmap') + 8 * hwirq; }
  #countMapped(domain: Domain, by: number): void {
    const at = domain + this.#layout.offset('mapcount');
    this.#deps.ram.writeU32(at, this.#deps.ram.readU32(at) + by);
  }
  #string(text: string): Ptr<'char'> {
    const at = this.#deps.allocator.kmalloc(text.length + 1, GFP_KERNEL);
    if (at) this.#deps.ram.writeCString(at, text);
    return at;
  }
}
