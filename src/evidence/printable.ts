/** Control characters, format characters (they reorder text), line separators and lone surrogates. */
const HIDDEN = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu;
const MAX_CHARS = 1_000;

/**
 * Text from evidence as it is safe to print: a terminal would obey control characters. They are shown as `\u{1b}`, and a
 * long text is cut.
 */
export function printable(text: string, maxChars = MAX_CHARS): string {
  const shown = text.length > maxChars ? `${text.slice(0, maxChars)}… (${text.length} characters)` : text;
  return shown.replace(HIDDEN, (character) => `\\u{${character.codePointAt(0)!.toString(16)}}`);
}
