import { createLog } from '../../src/log';

/** Logs a line, and when its input ends some more, and then ends. */
const log = createLog('unread', 'info');
log.info('begun');
process.stdin.resume().once('end', () => {
  for (let line = 0; line < 100; line++) log.info({ line }, 'to nobody');
  process.exit(0);
});
