import { pino, type Logger } from 'pino';

/**
 * A log on standard output. Whoever read it may be gone: that ends the log and not the process, which pino's own destination
 * keeps from ending, because it tries the last line again for ever (EPIPE).
 */
export function createLog(name: string, level: string): Logger {
  process.stdout.on('error', () => undefined);
  return pino({ level, name }, process.stdout);
}
