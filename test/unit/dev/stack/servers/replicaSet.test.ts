import { initiateReplicaSet, type AdminDatabase } from '../../../../../dev/stack/servers/replicaSet';

/** A `mongod` reduced to its replica set: primary only as the member whose host it listens on. */
class FakeAdmin implements AdminDatabase {
  readonly changes: string[] = [];
  readonly #host: string;
  #config: { version: number; members: { host: string }[] } | undefined;

  constructor(host: string, config?: { version: number; members: { host: string }[] }) {
    this.#host = host;
    this.#config = config;
  }

  async command(command: Record<string, unknown>): Promise<Record<string, unknown>> {
    if ('hello' in command) return { isWritablePrimary: this.#config?.members[0]?.host === this.#host };
    if ('replSetGetConfig' in command) {
      if (this.#config === undefined) throw Object.assign(new Error('no replset config'), { code: 94 });
      return { config: this.#config };
    }
    const change = Object.keys(command)[0] ?? '';
    const next = (command['replSetInitiate'] ?? command['replSetReconfig']) as {
      version?: number;
      members: { host: string }[];
    };
    const version = next.version ?? 1;
    if (this.#config !== undefined && version <= this.#config.version)
      throw new Error('config version is not newer');
    if (change === 'replSetReconfig' && command['force'] !== true)
      throw new Error('no primary to reconfigure');
    this.changes.push(change);
    this.#config = { ...next, version };
    return { ok: 1 };
  }
}

test('a fresh mongod becomes the primary of its own set', async () => {
  const admin = new FakeAdmin('127.0.0.1:21000');
  await initiateReplicaSet(admin, '127.0.0.1:21000');
  expect(admin.changes).toEqual(['replSetInitiate']);
});

test('a server that is already a primary is left as it is', async () => {
  const admin = new FakeAdmin('127.0.0.1:21000', { version: 3, members: [{ host: '127.0.0.1:21000' }] });
  await initiateReplicaSet(admin, '127.0.0.1:21000');
  expect(admin.changes).toEqual([]);
});

test('a set that is configured with another port is moved to the present one', async () => {
  const admin = new FakeAdmin('127.0.0.1:22000', { version: 3, members: [{ host: '127.0.0.1:21000' }] });
  await initiateReplicaSet(admin, '127.0.0.1:22000');
  expect(admin.changes).toEqual(['replSetReconfig']);
});

test('a server that refuses to answer is not initiated', async () => {
  const admin: AdminDatabase = {
    command: async (command) => {
      if ('hello' in command) return { isWritablePrimary: false };
      throw Object.assign(new Error('not authorized'), { code: 13 });
    },
  };
  await expect(initiateReplicaSet(admin, '127.0.0.1:21000')).rejects.toThrow('not authorized');
});
