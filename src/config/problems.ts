import { SnapshotError, type ErrorCode } from '../errors';

/** One thing that is wrong with the settings. The message names the variable and never shows a value. */
export interface ConfigProblem {
  readonly code: ErrorCode;
  readonly message: string;
}

const problemsOf = new WeakMap<SnapshotError, readonly ConfigProblem[]>();

/** The error that names all these problems: with their code, or with CONFIG_INVALID if they have several. */
export function configError(problems: readonly ConfigProblem[]): SnapshotError {
  const distinct = [...new Map(problems.map((problem) => [problem.message, problem])).values()];
  const codes = new Set(distinct.map(({ code }) => code));
  const [code = 'CONFIG_INVALID'] = codes.size === 1 ? codes : [];
  const error = new SnapshotError(
    code,
    `configuration: ${distinct.map(({ message }) => message).join('; ')}`,
  );
  problemsOf.set(error, distinct);
  return error;
}

/** CONFIG_INVALID with one problem. */
export function invalid(message: string): SnapshotError {
  return configError([{ code: 'CONFIG_INVALID', message }]);
}

/** Reads several groups of settings and names the problems of all of them in one error. */
export function readTogether<Parts extends Readonly<Record<string, () => unknown>>>(
  parts: Parts,
): { readonly [Name in keyof Parts]: ReturnType<Parts[Name]> } {
  const values: Record<string, unknown> = {};
  const problems: ConfigProblem[] = [];
  for (const [name, read] of Object.entries(parts)) {
    try {
      values[name] = read();
    } catch (error) {
      const own = error instanceof SnapshotError ? problemsOf.get(error) : undefined;
      // A file that cannot be read is wrong for every group, and says nothing about what is missing.
      if (!own) throw error;
      problems.push(...own);
    }
  }
  if (problems.length > 0) throw configError(problems);
  return values as { readonly [Name in keyof Parts]: ReturnType<Parts[Name]> };
}
