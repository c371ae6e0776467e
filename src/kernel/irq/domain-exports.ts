// Exported symbols of interrupt domains. Linux: kernel/irq/irqdomain.c.

import type { Abi } from '../../abi/abi.ts';
import { ERRNO } from '../../abi/errno.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { Ram } from '../../base/ram.ts';
import { data, type ExportTable, fn, since } from '../exports/define.ts';
import type { IrqDescriptors, IrqLine } from './descriptors.ts';
import type { IrqDomains } from './domains.ts';
import { IRQ_TYPE_SENSE_MASK } from './flags.ts';

export interface DomainExportParts {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly domains: IrqDomains;
  readonly descriptors: IrqDescriptors;
  readonly handle: (line: IrqLine) => void;
  readonly addressOf: (name: string) => Ptr;
}

type Domain = Ptr<'irq_domain'>;
type Ops = Ptr<'irq_domain_ops'>;
type Node = Ptr<'fwnode_handle'>;
/** Kinds of __irq_domain_alloc_fwnode(). */
const FWNODE_NAMED = 1, FWNODE_NAMED_ID = 2;

export function domainExports({ ram, abi, domains, descriptors, handle, addressOf }: DomainExportParts): ExportTable {
  const translate = (spec: Ptr, cells: number, size: number, hwirq: Ptr, type: Ptr): number => {
    if (size < cells) return -ERRNO.EINVAL;
    ram.writeU64(hwirq, BigInt(ram.readU32(spec)));
    ram.writeU32(type, cells > 1 ? ram.readU32(spec + 4) & IRQ_TYPE_SENSE_MASK : 0);
    return 0;
  };
  /** A domain that is given its numbers with its first mapping, or `first` ones at once. */
  const simple = (node: Node, size: number, first: number, ops: Ops, hostData: Ptr): Domain => {
    const domain = domains.create({ fwnode: node, size, hwirqMax: size, ops, hostData });
    if (domain === 0 || first === 0) return domain;
    descriptors.alloc(first, first, size, 0);
    for (let i = 0; i < size; i++) domains.associate(domain, first + i, i);
    return domain;
  };
  const instantiate = (info: Ptr): Domain => {
    const layout = abi.struct<string>('irq_domain_info');
    const word = (path: string): number => ram.readPtr(info + layout.offset(path));
    const int = (path: string): number => ram.readU32(info + layout.offset(path));
    if (word('parent') !== 0 || word('dgc_info') !== 0 || word('init') !== 0) return -ERRNO.EOPNOTSUPP;
    const domain = domains.create({
      fwnode: word('fwnode'), size: int('size'), hwirqMax: word('hwirq_max'), ops: word('ops'), hostData: word('host_data'), flags: int('domain_flags'), busToken: int('bus_token'),
    });
    return domain === 0 ? -ERRNO.ENOMEM : domain;
  };
  return {
    __irq_domain_alloc_fwnode: fn('__irq_domain_alloc_fwnode', (type: number, id: number, name: Ptr<'char'>, address: Ptr) =>
      domains.createNode(type === FWNODE_NAMED ? ram.cstring(name) : type === FWNODE_NAMED_ID ? `${ram.cstring(name)}-${id}` : `irqchip@${address === 0 ? '0' : ram.readU64(address).toString(16)}`)),
    irq_domain_free_fwnode: fn('irq_domain_free_fwnode', (node: Node) => { domains.freeNode(node); }),
    __irq_domain_add: fn('__irq_domain_add', (node: Node, size: number, hwirqMax: number, _directMax: number, ops: Ops, hostData: Ptr) => domains.create({ fwnode: node, size, hwirqMax, ops, hostData })),
    irq_domain_instantiate: since([6, 12], fn('irq_domain_instantiate', (info: Ptr) => instantiate(info))),
    irq_domain_create_simple: fn('irq_domain_create_simple', simple),
    irq_domain_remove: fn('irq_domain_remove', (domain: Domain) => { domains.remove(domain); }),
    irq_create_mapping_affinity: fn('irq_create_mapping_affinity', (domain: Domain, hwirq: number, _affinity: Ptr) => domains.map(domain, hwirq)),
    irq_dispose_mapping: fn('irq_dispose_mapping', (irq: number) => { domains.dispose(irq); }),
    __irq_resolve_mapping: fn('__irq_resolve_mapping', (domain: Domain, hwirq: number, irq: Ptr) => {
      const line = domains.find(domain, hwirq);
      if (line && irq !== 0) ram.writeU32(irq, line.irq);
      return line?.address ?? 0;
    }),
    generic_handle_domain_irq: fn('generic_handle_domain_irq', (domain: Domain, hwirq: number) => {
      const line = domains.find(domain, hwirq);
      if (!line) return -ERRNO.EINVAL;
      handle(line);
      return 0;
    }),
    irq_domain_xlate_onecell: fn('irq_domain_xlate_onecell', (_domain: Domain, _node: Ptr, spec: Ptr, size: number, hwirq: Ptr, type: Ptr) => translate(spec, 1, size, hwirq, type)),
    irq_domain_xlate_twocell: fn('irq_domain_xlate_twocell', (_domain: Domain, _node: Ptr, spec: Ptr, size: number, hwirq: Ptr, type: Ptr) => translate(spec, 2, size, hwirq, type)),
    irq_domain_xlate_onetwocell: fn('irq_domain_xlate_onetwocell', (_domain: Domain, _node: Ptr, spec: Ptr, size: number, hwirq: Ptr, type: Ptr) => translate(spec, size > 1 ? 2 : 1, size, hwirq, type)),
    irq_domain_simple_ops: data(abi.sizeOf('irq_domain_ops'), (at) => {
      ram.writePtr(at + abi.struct<string>('irq_domain_ops').offset('xlate'), addressOf('irq_domain_xlate_onetwocell'));
    }),
  };
}
