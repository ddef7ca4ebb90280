import { createLog } from '../../src/log';

/** Logs a line, more lines when its input ends, and exits. */
const log = createLog('unread', 'info');
log.info('begun');
process.stdin.resume().once('end', () => {
  for (let line = 0; line < 100; line++) log.info({ line }, 'unread');
  process.exit(0);
});
