import os from 'node:os';
import { readAcknowledger } from '../../../src/cli/acknowledging';
import { currentUser } from '../../../src/cli/currentUser';

afterEach(() => jest.restoreAllMocks());

test('a user of a container who has no name is recorded by number', () => {
  jest.spyOn(os, 'userInfo').mockImplementation(() => {
    throw new Error('uv_os_get_passwd returned ENOENT');
  });
  const uid = String(process.getuid!());
  expect(readAcknowledger({ reason: 'ticket 17' })).toEqual({ actorId: uid, reason: 'ticket 17' });
  expect(currentUser()).toBe(`${uid}@${os.hostname()}`);
});
