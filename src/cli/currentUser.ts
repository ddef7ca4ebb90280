import { hostname, userInfo } from 'node:os';

/** The user of the operating system; the number of one without a name, as a container may have. */
export function userName(): string {
  try {
    return userInfo().username;
  } catch {
    return String(process.getuid?.() ?? 'unknown');
  }
}

/** The user of the operating system and the host, as `operator@host`. */
export function currentUser(): string {
  return `${userName()}@${hostname()}`;
}
