/** An EVIDENCE_MALFORMED error, whatever it says: for `toThrow`, also after `rejects`. */
export const MALFORMED = expect.objectContaining({ code: 'EVIDENCE_MALFORMED' }) as Error;

/** What is wrong with the input, the call that reads it, and the message it is refused with: messages are what people read. */
export type Refusal = readonly [what: string, read: () => unknown, message: string];

/** Declares one test per refusal, `<subject> <what> is refused`: EVIDENCE_MALFORMED with exactly this message. */
export function testRefusals(subject: string, refusals: readonly Refusal[]): void {
  test.each(refusals)(`${subject} %s is refused`, (_what, read, message) => {
    expect(read).toThrow(expect.objectContaining({ code: 'EVIDENCE_MALFORMED', message }) as Error);
  });
}
