// ksoftirqd: the thread that serves softirqs which were raised where no interrupt is about to end, or came too fast.
// Differs from Linux: it is created when it is first needed, not at boot.

import type { Sleeping } from '../../cpu/api.ts';
import type { Scheduler } from '../sched/scheduler.ts';
import type { Task } from '../sched/task.ts';
import { TASK_INTERRUPTIBLE } from '../../abi/task-states.ts';
import type { Softirqs } from './softirqs.ts';

export class Ksoftirqd {
  readonly #scheduler: Scheduler;
  readonly #softirqs: () => Softirqs;
  #task: Task | undefined;

  constructor(scheduler: Scheduler, softirqs: () => Softirqs) {
    this.#scheduler = scheduler;
    this.#softirqs = softirqs;
  }

  wake(): void {
    if (this.#task) this.#scheduler.wake(this.#task);
    else this.#task = this.#scheduler.createKernelThread('ksoftirqd/0', () => this.#serve());
  }

  *#serve(): Sleeping<void> {
    const softirqs = this.#softirqs();
    for (;;) {
      if (softirqs.pending !== 0) softirqs.run();
      this.#scheduler.setState(softirqs.pending !== 0 ? 0 : TASK_INTERRUPTIBLE);
      yield* this.#scheduler.schedule();
    }
  }
}
