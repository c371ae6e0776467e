// A load that failed after the module was COMING: a parameter, a notifier or init refused it. All of it is undone by then.

import { errnoName } from '../../abi/errno.ts';
import { LoadError, type LoadIssue } from '../errors.ts';

export class LoadFailed extends LoadError {
  /** Positive; whatever init returned, also values without a name. */
  override readonly errno: number;
  /** `result` is the negative value as it came back. */
  constructor(result: number, issues: readonly LoadIssue[]) {
    super(errnoName(-result) ?? 'EINVAL', issues);
    this.errno = -result;
  }
}
