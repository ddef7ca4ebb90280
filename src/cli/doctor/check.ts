/** The outcome of one check of the doctor. */
export interface Check {
  /** What was checked. */
  readonly check: string;
  readonly state: 'ok' | 'warn' | 'fail';
  readonly found: string;
  /** What to do about it. */
  readonly advice?: string;
}
