// Everything the parts of the module system share: what the kernel hands in, and the state that one kernel's modules have in common.

import type { Abi } from '../../abi/abi.ts';
import type { Ptr } from '../../base/ptr.ts';
import type { MemoryFault, Ram } from '../../base/ram.ts';
import type { Cpu } from '../../cpu/api.ts';
import type { KernelImage } from '../image.ts';
import type { Allocator, Clock, Log, ModuleSpace, PerCpu, Reporter, Taints, Tasks } from '../services.ts';
import type { CpuFeatures } from './alternatives.ts';
import { CodePatcher } from './code-patcher.ts';
import { DynamicDebug } from './dynamic-debug.ts';
import { JumpLabels } from './jump-labels.ts';
import type { LoadedModule } from './loaded-module.ts';
import type { AcceptanceRules } from './module-file.ts';
import { ModuleList } from './module-list.ts';
import { ModuleTainter } from './module-taints.ts';
import { ModuleNotifiers } from './notifiers.ts';
import type { LoadObserver } from './observer.ts';
import { Parameters } from './parameters.ts';
import { ModuleReferences } from './references.ts';
import type { KernelExports } from './resolve.ts';
import type { VerifySignature } from './signature.ts';
import { StaticCalls } from './static-calls.ts';
import { StructModule } from './struct-module.ts';
import { ModuleUevents, type UeventSink } from './uevents.ts';
import type { ModuleWaits } from './waits.ts';

export interface ModuleOptions {
  /** Boot parameter module_blacklist=: names that are never loaded. */
  readonly blacklist?: readonly string[];
  /** module.sig_enforce: unsigned modules are refused. Can be turned on later, never off. */
  readonly isSignatureEnforced?: boolean;
  /** The kernel defends against Spectre v2 with retpolines: a module compiled without them is remarked upon. Off: the virtual CPU needs none. */
  readonly isRetpolineActive?: boolean;
  /** Names of built-in code with a directory of its own in /sys/module: no module can have them. */
  readonly builtins?: readonly string[];
  /** Boot parameter nomodule. */
  readonly isDisabled?: boolean;
  /** Boot parameter initcall_debug. */
  readonly isInitcallDebug?: boolean;
  /** module.async_probe: what `async_probe` defaults to. */
  readonly isAsyncProbe?: boolean;
  /** False where the reader may not see kernel addresses (kptr_restrict). */
  readonly showsAddresses?: boolean;
}

/** What an init function may leave behind in the CPU's state. */
export interface ExecutionState {
  preemptCount: number;
  areInterruptsDisabled: boolean;
}

export interface ModuleSystemDeps {
  readonly ram: Ram;
  readonly abi: Abi;
  readonly cpu: Cpu;
  readonly image: KernelImage;
  readonly exports: KernelExports;
  readonly log: Log;
  readonly taints: Taints;
  readonly clock: Clock;
  readonly tasks: Tasks;
  readonly perCpu: PerCpu;
  readonly space: ModuleSpace;
  readonly allocator: Allocator;
  readonly reporter: Reporter;
  /** The kernel followed a pointer of a module to nowhere: an oops of the current task, thrown as TaskKilled. */
  readonly oops: (fault: MemoryFault) => never;
  readonly waits: ModuleWaits;
  readonly cpuFeatures: CpuFeatures;
  /** `%p`: the hashed form of an address; absent before the key is ready. */
  readonly hashPointer?: (address: Ptr) => string;
  /** Not given: no signature can be verified, each is by an unavailable key. */
  readonly verifySignature?: VerifySignature;
  readonly uevents?: UeventSink;
  readonly execution?: ExecutionState;
  readonly observer?: LoadObserver;
  readonly options?: ModuleOptions;
}

/** The last module that was unloaded, as oops reports name it. */
export interface UnloadedModule { readonly name: string; readonly flags: string }

export class ModuleContext {
  readonly deps: ModuleSystemDeps;
  /** 6.4 and later: seven areas, stricter checks, later taints. The two releases served are 6.1 and 6.12. */
  readonly isNewer: boolean;
  readonly struct: StructModule;
  readonly list: ModuleList;
  readonly references: ModuleReferences;
  readonly tainter: ModuleTainter;
  readonly notifiers: ModuleNotifiers;
  readonly parameters: Parameters;
  readonly patcher: CodePatcher;
  readonly jumpLabels: JumpLabels;
  readonly dynamicDebug: DynamicDebug;
  readonly staticCalls: StaticCalls;
  readonly uevents: ModuleUevents;
  readonly rules: AcceptanceRules;
  readonly blacklist: ReadonlySet<string>;
  readonly builtins: ReadonlySet<string>;
  /** Watches loads; may be set at any time. */
  observer: LoadObserver | undefined;
  isSignatureEnforced: boolean;
  isDisabled: boolean;
  isAsyncProbe: boolean;
  lastUnloaded: UnloadedModule | undefined;

  constructor(deps: ModuleSystemDeps) {
    const { ram, abi, cpu, image } = deps;
    const [major, minor] = abi.kernelVersion;
    this.deps = deps;
    this.isNewer = major > 6 || (major === 6 && minor >= 4);
    this.struct = new StructModule(ram, abi);
    this.list = new ModuleList(ram, this.struct, image.data('modules', 16));
    this.references = new ModuleReferences(this.struct);
    this.tainter = new ModuleTainter(deps.taints);
    this.notifiers = new ModuleNotifiers(ram, cpu, image);
    this.patcher = new CodePatcher(ram, cpu);
    this.jumpLabels = new JumpLabels(this.patcher);
    this.dynamicDebug = new DynamicDebug(ram, abi, deps.log, this.jumpLabels);
    this.parameters = new Parameters({ ram, cpu, image, allocator: deps.allocator, log: deps.log, waits: deps.waits, tainter: this.tainter });
    this.staticCalls = new StaticCalls(ram, this.patcher, image);
    this.uevents = new ModuleUevents(deps.uevents);
    this.rules = { isStrict: this.isNewer, structModuleSize: this.struct.sizeBytes, nameOffset: this.struct.nameOffset, nameSize: this.struct.nameSize };
    this.blacklist = new Set(deps.options?.blacklist ?? []);
    this.builtins = new Set(deps.options?.builtins ?? []);
    this.observer = deps.observer;
    this.isSignatureEnforced = deps.options?.isSignatureEnforced ?? false;
    this.isAsyncProbe = deps.options?.isAsyncProbe ?? false;
    this.isDisabled = deps.options?.isDisabled ?? false;
  }

  state(module: LoadedModule): number { return this.struct.state(module.address); }
  /** rax of a guest call as the C int it returned. */
  toInt(value: number): number {
    return Number.isSafeInteger(value) ? value | 0 : Number(BigInt.asIntN(32, this.deps.cpu.lastResult));
  }
}
