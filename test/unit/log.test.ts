import { once } from 'node:events';
import { startProgram } from '../harness/childProgram';

test('a process ends although nothing reads its log any more', async () => {
  const child = startProgram('test/harness/unreadLog.ts', [], process.env);
  await once(child.stdout!, 'data');
  child.stdout!.destroy();
  child.stdin!.end();
  const [code] = (await once(child, 'exit')) as [number];
  expect(code).toBe(0);
}, 20_000);
