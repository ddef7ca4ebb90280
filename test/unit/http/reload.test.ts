import { invalid } from '../../../src/config/problems';
import { reloader, type Reloaded } from '../../../src/http/reload';

const settings = (keys: string): Reloaded => ({ authentication: { keys, jwt: undefined }, tls: undefined });

test('replaced keys are used, and while a file is wrong the old ones stay in force', () => {
  const lines: string[] = [];
  const applied: (string | undefined)[] = [];
  let read = (): Reloaded => settings('one');
  const reload = reloader(
    {
      read: () => read(),
      apply: ({ authentication: { keys } }) => {
        if (keys === 'wrong') throw invalid('JOB_SERVICE_KEYS is not JSON');
        applied.push(keys);
      },
      log: {
        info: (_facts, message) => lines.push(message),
        error: (_facts, message) => lines.push(message),
      },
    },
    settings('one'),
  );
  reload();
  expect([applied, lines]).toEqual([[], []]);
  read = () => settings('two');
  reload();
  reload();
  expect([applied, lines]).toEqual([['two'], ['keys and certificates were replaced']]);

  read = () => settings('wrong');
  reload();
  reload();
  read = () => {
    throw invalid('JOB_SERVICE_KEYS_FILE cannot be read');
  };
  reload();
  const wrong = 'replaced keys or certificates are wrong; the old ones stay';
  expect([applied, lines.slice(1)]).toEqual([['two'], [wrong, wrong]]);

  read = () => settings('three');
  reload();
  expect(applied).toEqual(['two', 'three']);
});
