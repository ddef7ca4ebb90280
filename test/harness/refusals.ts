/** What a reader of evidence says of it when it is not what it should be: the words are part of the interface. */
export type Refusal = readonly [what: string, read: () => unknown, message: string];

/** One test for each: EVIDENCE_MALFORMED, in exactly these words. */
export function refuses(refusals: readonly Refusal[]): void {
  test.each(refusals)('%s', (_what, read, message) => {
    expect(read).toThrow(expect.objectContaining({ code: 'EVIDENCE_MALFORMED', message }) as Error);
  });
}
