import { execFileSync } from 'node:child_process';
import { manifestStatement } from '../../../src/evidence/statement';

test('the statement about a manifest is what printf and sha256sum make of it', () => {
  const script = `printf '%s\\n' audit-snapshot/manifest/v1 "$1" "$2" "$(printf '{}' | sha256sum | cut -d ' ' -f 1)"`;
  const expected = execFileSync('sh', ['-c', script, 'sh', 'example.com/audit', 'snap-a']);
  const digest = '44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a';
  expect(manifestStatement('example.com/audit', 'snap-a', digest)).toEqual(expected);
});
