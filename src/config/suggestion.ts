/** `; did you mean …?` with the name that has the most pairs of letters in common with `given` (Dice coefficient); empty without a similar one. */
export function suggestion(given: string, names: readonly string[]): string {
  const own = pairsOf(given.toLowerCase());
  const similarity = (name: string) => {
    const theirs = pairsOf(name.toLowerCase());
    return (2 * [...own].filter((pair) => theirs.has(pair)).length) / (own.size + theirs.size);
  };
  const [best] = names.toSorted((left, right) => similarity(right) - similarity(left));
  return best !== undefined && similarity(best) > 0.6 ? `; did you mean ${best}?` : '';
}

function pairsOf(text: string): ReadonlySet<string> {
  return new Set(Array.from(text, (_, index) => text.slice(index, index + 2)));
}
