/** The clock of this machine. It may be wrong or set back: no ordering of writes depends on it. */
export interface Clock {
  /** Milliseconds since 1970, in UTC. */
  nowMs(): number;
}
