import {
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
  type Client,
  type ScheduleDescription,
  type ScheduleSummary,
} from '@temporalio/client';
import { GRPC_STATUS, grpcDetailsOf, grpcStatusOf, toTemporalError } from './errors';
import { checkSchedule } from '../schedule/checkSchedule';
import { toSpec } from '../schedule/scheduleSpec';
import {
  describeCadence,
  describeSettings,
  differences,
  OVERLAPS,
  type Overlap,
  type ScheduleSettings,
} from '../schedule/scheduleSettings';
import { TASK_QUEUE } from '../contract/names';
import { describeOwner, isOwnedBy, memoOf, memoOwner, ownerOf, type ScheduleOwner } from './scheduleOwner';
import { SCHEDULE_WORKFLOW, SCHEDULE_WORKFLOW_PREFIX, type AuditScheduleInput } from '../contract/schedule';
import { SnapshotError } from '../errors';

const POLICIES: Readonly<Record<Overlap, ScheduleOverlapPolicy>> = {
  skip: ScheduleOverlapPolicy.SKIP,
  'buffer-one': ScheduleOverlapPolicy.BUFFER_ONE,
  'buffer-all': ScheduleOverlapPolicy.BUFFER_ALL,
  'allow-all': ScheduleOverlapPolicy.ALLOW_ALL,
};

/** A schedule as Temporal stores it. */
export interface KnownSchedule {
  readonly settings: ScheduleSettings;
  readonly description: ScheduleDescription;
}

/** Temporal Schedules that seal contiguous windows. Errors: SCHEDULE_NOT_FOUND, SCHEDULE_CONFLICT, PAYLOAD_INVALID, TEMPORAL_*. */
export class AuditSchedules {
  readonly #client: Client;
  readonly #owner: ScheduleOwner;

  /** Sees only the schedules of this task queue and, unless it is undefined, of this origin. */
  constructor(client: Client, taskQueue: string = TASK_QUEUE, origin?: string) {
    this.#client = client;
    this.#owner = { taskQueue, origin };
  }

  /**
   * Creates a schedule and returns true. One that exists with the same settings is left alone, which returns false; other
   * settings are SCHEDULE_CONFLICT. `sameStart: false` accepts any start of the existing one.
   */
  async create(
    settings: ScheduleSettings,
    options: { readonly paused: boolean; readonly note?: string; readonly sameStart: boolean },
  ): Promise<boolean> {
    checkSchedule(settings.input);
    const { scheduleId } = settings.input;
    const note = options.note ?? describeSettings(settings);
    try {
      await this.#client.schedule.create({
        ...this.#options(settings),
        scheduleId,
        memo: memoOf(this.#owner),
        state: { paused: options.paused, note },
      });
      return true;
    } catch (error) {
      if (!(error instanceof ScheduleAlreadyRunning)) throw toScheduleError(scheduleId, error);
    }
    const known = (await this.#findConflict(scheduleId)).settings;
    const { startAt } = options.sameStart ? settings.input : known.input;
    const other = differences(known, { ...settings, input: { ...settings.input, startAt } });
    if (other.length === 0) return false;
    const message = `schedule ${scheduleId} already exists with other settings (${other.join('; ')}); change it with: audit-snapshot schedule update ${scheduleId}`;
    throw new SnapshotError('SCHEDULE_CONFLICT', message);
  }

  /** The existing schedule of this id. SCHEDULE_CONFLICT when it is another's: the id is taken then. */
  async #findConflict(scheduleId: string): Promise<KnownSchedule> {
    try {
      return await this.find(scheduleId);
    } catch (error) {
      if (!(error instanceof SnapshotError) || error.code !== 'SCHEDULE_NOT_FOUND') throw error;
      throw new SnapshotError('SCHEDULE_CONFLICT', error.message, { cause: error });
    }
  }

  async find(scheduleId: string): Promise<KnownSchedule> {
    const description = await this.#on(scheduleId, () => this.#handle(scheduleId).describe());
    const settings = settingsOf(description);
    const owner = ownerOf(description);
    if (isOwnedBy(owner, this.#owner)) return { description, settings };
    const message = `schedule ${scheduleId} belongs to ${describeOwner(owner)}, not to ${describeOwner(this.#owner)}; schedule ids are unique within a namespace, so choose another one, or set TEMPORAL_TASK_QUEUE and AUDIT_ORIGIN`;
    throw new SnapshotError('SCHEDULE_NOT_FOUND', message);
  }

  /** The schedules of this task queue and origin, unordered. Eventually consistent: a new one appears after seconds. */
  async list(): Promise<ScheduleSummary[]> {
    const found: ScheduleSummary[] = [];
    try {
      for await (const summary of this.#client.schedule.list())
        if (summary.action?.workflowType === SCHEDULE_WORKFLOW && (await this.#owns(summary)))
          found.push(summary);
    } catch (error) {
      throw toTemporalError('schedules', error);
    }
    return found;
  }

  /** Changes settings; runs in progress keep theirs. A later start is SCHEDULE_CONFLICT: it would skip windows. */
  async update(
    scheduleId: string,
    change: (known: ScheduleSettings) => ScheduleSettings,
    note?: string,
  ): Promise<ScheduleSettings> {
    const known = await this.find(scheduleId);
    const settings = change(known.settings);
    const { startMs } = checkSchedule(settings.input);
    if (startMs > Date.parse(known.settings.input.startAt)) {
      const message = `schedule ${scheduleId} seals from ${known.settings.input.startAt} on; a later start would leave log time unsealed`;
      throw new SnapshotError('SCHEDULE_CONFLICT', message);
    }
    await this.#on(scheduleId, () =>
      this.#handle(scheduleId).update(({ state }) => ({
        ...this.#options(settings),
        state: {
          ...state,
          note: note ?? (state.paused ? state.note : undefined) ?? describeSettings(settings),
        },
      })),
    );
    return settings;
  }

  /** A pause loses nothing: the first run after it seals everything since the last sealed instant. */
  async pause(scheduleId: string, reason: string): Promise<void> {
    await this.find(scheduleId);
    await this.#on(scheduleId, () => this.#handle(scheduleId).pause(reason));
  }

  async resume(scheduleId: string, note?: string): Promise<void> {
    const { settings } = await this.find(scheduleId);
    await this.#on(scheduleId, () => this.#handle(scheduleId).unpause(note ?? describeSettings(settings)));
  }

  /** Starts one run now, with the current time as its nominal time. */
  async trigger(scheduleId: string, overlap: Overlap): Promise<void> {
    await this.find(scheduleId);
    await this.#on(scheduleId, () => this.#handle(scheduleId).trigger(POLICIES[overlap]));
  }

  /** Starts one run for each time of the schedule in `[start, end]`. */
  async backfill(scheduleId: string, start: Date, end: Date, overlap: Overlap): Promise<void> {
    await this.find(scheduleId);
    const request = { start, end, overlap: POLICIES[overlap] };
    await this.#on(scheduleId, () => this.#handle(scheduleId).backfill(request));
  }

  /** Runs in progress continue; what was sealed stays sealed. */
  async delete(scheduleId: string): Promise<void> {
    await this.find(scheduleId);
    await this.#on(scheduleId, () => this.#handle(scheduleId).delete());
  }

  /** A schedule that an earlier version created has no memo of its owner; only its description has the task queue. */
  async #owns({ scheduleId, memo }: ScheduleSummary): Promise<boolean> {
    const written = memoOwner(memo);
    if (written) return isOwnedBy(written, this.#owner);
    try {
      return isOwnedBy(ownerOf(await this.#handle(scheduleId).describe()), this.#owner);
    } catch (error) {
      // It was deleted after it was listed.
      if (error instanceof ScheduleNotFoundError) return false;
      throw error;
    }
  }

  #handle(scheduleId: string) {
    return this.#client.schedule.getHandle(scheduleId);
  }

  #options(settings: ScheduleSettings) {
    const { input, overlap, catchupSeconds, pauseOnFailure, jitterSeconds } = settings;
    const cadence = describeCadence(input);
    return {
      spec: { ...toSpec(input), jitter: jitterSeconds * 1000 },
      action: {
        type: 'startWorkflow' as const,
        workflowType: SCHEDULE_WORKFLOW,
        workflowId: `${SCHEDULE_WORKFLOW_PREFIX}${input.scheduleId}`,
        taskQueue: this.#owner.taskQueue,
        args: [input],
        memo: { schedule: input.scheduleId, windowsEnd: cadence, sealsFrom: input.startAt },
        staticSummary: `Seal the audit log, windows end ${cadence}`,
        staticDetails: describeSettings(settings),
      },
      policies: {
        overlap: POLICIES[overlap],
        catchupWindow: catchupSeconds * 1000,
        pauseOnFailure,
      },
    };
  }

  async #on<T>(scheduleId: string, call: () => Promise<T>): Promise<T> {
    try {
      return await call();
    } catch (error) {
      throw toScheduleError(scheduleId, error);
    }
  }
}

/** Reads the settings back from Temporal's description. SCHEDULE_NOT_FOUND when it starts another workflow. */
function settingsOf({ scheduleId, action, policies, spec }: ScheduleDescription): ScheduleSettings {
  const [input] = (action.args ?? []) as readonly AuditScheduleInput[];
  if (action.workflowType !== SCHEDULE_WORKFLOW || input === undefined) {
    const message = `schedule ${scheduleId} starts ${action.workflowType}, not ${SCHEDULE_WORKFLOW}; it is not a schedule of audit-snapshot`;
    throw new SnapshotError('SCHEDULE_NOT_FOUND', message);
  }
  const overlap = OVERLAPS.find((known) => POLICIES[known] === policies.overlap) ?? 'skip';
  return {
    input,
    jitterSeconds: Math.round((spec.jitter ?? 0) / 1000),
    overlap,
    catchupSeconds: Math.round(policies.catchupWindow / 1000),
    pauseOnFailure: policies.pauseOnFailure,
  };
}

function toScheduleError(scheduleId: string, error: unknown): SnapshotError {
  if (error instanceof ScheduleNotFoundError) {
    const message = `there is no schedule ${scheduleId}; list the existing ones with: audit-snapshot schedule list`;
    return new SnapshotError('SCHEDULE_NOT_FOUND', message);
  }
  if (grpcStatusOf(error) === GRPC_STATUS.INVALID_ARGUMENT) {
    const message = `schedule ${scheduleId}: rejected by Temporal: ${grpcDetailsOf(error)}`;
    return new SnapshotError('PAYLOAD_INVALID', message);
  }
  return toTemporalError(`schedule ${scheduleId}`, error);
}
