import type { EvidenceReader } from '../../src/verify/evidenceReader';

/** The memo is cleared when it holds this many outcomes. */
const MAX_OUTCOMES = 20_000;

interface Read {
  readonly of: 'read' | 'readLock';
  readonly key: string;
  readonly version: string | undefined;
}

interface Step<T> {
  read?: Read;
  readonly answers: Map<string, Step<T>>;
  outcome?: { readonly value: T };
}

/**
 * Runs a program that examines evidence, or returns the outcome of an earlier run whose reads were the same and returned
 * the same: a program that depends on nothing else cannot have another outcome.
 */
export class MemoizedReading<I, T> {
  readonly #program: (reader: EvidenceReader, input: I) => Promise<T>;
  #starts = new Map<string, Step<T>>();
  #outcomes = 0;

  constructor(program: (reader: EvidenceReader, input: I) => Promise<T>) {
    this.#program = program;
  }

  /** `name` is a text that no other input has. */
  async evaluate(reader: EvidenceReader, input: I, name: string): Promise<T> {
    let step = this.#starts.get(name);
    while (step?.read) step = step.answers.get((await perform(reader, step.read)).spelling);
    if (step?.outcome) return step.outcome.value;
    return this.#run(reader, input, name);
  }

  async #run(reader: EvidenceReader, input: I, name: string): Promise<T> {
    if (this.#outcomes++ === MAX_OUTCOMES) {
      this.#starts = new Map();
      this.#outcomes = 1;
    }
    let step = stepAt(this.#starts, name);
    const record = async <A>(read: Read): Promise<A> => {
      step.read ??= read;
      const { answer, spelling } = await perform(reader, read);
      step = stepAt(step.answers, spelling);
      return answer as A;
    };
    const value = await this.#program(
      {
        read: (key, version) => record({ of: 'read', key, version }),
        readLock: (key, version) => record({ of: 'readLock', key, version }),
      },
      input,
    );
    step.outcome = { value };
    return value;
  }
}

function stepAt<T>(steps: Map<string, Step<T>>, name: string): Step<T> {
  const known = steps.get(name) ?? { answers: new Map() };
  steps.set(name, known);
  return known;
}

/** The answer, and a text that no other answer has. */
async function perform(
  reader: EvidenceReader,
  { of, key, version }: Read,
): Promise<{ readonly answer: unknown; readonly spelling: string }> {
  if (of === 'readLock') {
    const answer = await reader.readLock?.(key, version);
    return { answer, spelling: JSON.stringify(answer) ?? 'none' };
  }
  const answer = await reader.read(key, version, Number.MAX_SAFE_INTEGER);
  return { answer, spelling: answer === undefined ? 'none' : `bytes ${answer.toString('latin1')}` };
}
