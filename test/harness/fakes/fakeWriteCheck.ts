import type { FinishingWrites, WriteCheck } from '../../../src/ports/writeCheck';
import { FaultPlan } from './faults';

/** A database that accepts every write, unless a fault is planned. */
export class FakeWriteCheck implements WriteCheck {
  readonly faults = new FaultPlan<keyof WriteCheck>('DATABASE_UNREACHABLE');
  readonly tried: FinishingWrites[] = [];

  tryWrites(writes: FinishingWrites): Promise<void> {
    return this.faults.run('tryWrites', () => void this.tried.push(writes));
  }
}
