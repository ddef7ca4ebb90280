import { execFileSync } from 'node:child_process';
import { quoteForShell } from '../../../../dev/stack/shellQuote';

test.each([
  'plain-Text_1.2:/=@',
  '',
  'a b',
  "it's",
  '$HOME `id` "x" \\ ;&|',
  'mongodb://h/audit?a=b&c=d',
  'two\nlines',
])('a shell reads the quoted word %j back unchanged', (text) => {
  expect(execFileSync('/bin/sh', ['-c', `printf %s ${quoteForShell(text)}`], { encoding: 'utf8' })).toBe(
    text,
  );
});
