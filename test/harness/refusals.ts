/** Malformed input, a parser that reads it, and the exact message of its error, which is part of the interface. */
export type Refusal = readonly [what: string, read: () => unknown, message: string];

/** One test for each case: EVIDENCE_MALFORMED with exactly this message. */
export function refuses(refusals: readonly Refusal[]): void {
  test.each(refusals)('%s', (_what, read, message) => {
    expect(read).toThrow(expect.objectContaining({ code: 'EVIDENCE_MALFORMED', message }) as Error);
  });
}
