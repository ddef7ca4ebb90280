import type { Kind, Source } from './leakSources';
import type { Secret } from './secretRegistry';
import { SecretSearch } from './secretSearch';

/** Searches what was written, place by place, for secrets, and for a control value that shows that the search sees the place. */
export class LeakSearch {
  /** Each leak in words, without the secret. */
  readonly leaks: string[] = [];
  placesRead = 0;
  bytesRead = 0;
  readonly #control: Secret;
  readonly #search: SecretSearch;
  readonly #controlled = new Set<Kind>();

  constructor(secrets: readonly Secret[], control: Secret) {
    this.#control = control;
    this.#search = new SecretSearch([...secrets, control]);
  }

  look({ kind, name, bytes }: Source): void {
    this.placesRead++;
    this.bytesRead += bytes.length;
    for (const found of this.#search.find(bytes))
      if (found === this.#control.name) this.#controlled.add(kind);
      else this.leaks.push(`${found} is in ${kind} ${name}`);
  }

  /** The kinds of place, in words, in which the search did not find the control. */
  blindFor(kinds: readonly Kind[]): readonly string[] {
    return kinds
      .filter((kind) => !this.#controlled.has(kind))
      .map((kind) => `the search for secrets does not see what is in ${kind}`);
  }
}
