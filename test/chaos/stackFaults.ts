import { spawnSync } from 'node:child_process';
import { open, rm, unlink } from 'node:fs/promises';
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { cleanStack } from '../../dev/stack/stackCommands';
import {
  createStackDirectory,
  findCheckout,
  locateStack,
  type StackDirectory,
} from '../../dev/stack/stackDirectory';
import { startStack, type RunningStack } from '../../dev/stack/stack';
import type { ServerName } from '../../dev/stack/serverName';
import { callVault } from '../../dev/stack/servers/vaultApi';
import { POLICY, ROLE, TRANSIT_KEY } from '../../dev/stack/servers/vaultAccess';
import { openVault } from '../../dev/stack/servers/vaultSeal';
import { identify } from '../../dev/stack/processIdentity';
import { readState, runningProcess } from '../../dev/stack/state';
import { embeddedEnvironment } from '../harness/embeddedEnvironment';
import type { SharedKind } from './plan';

/** How long a server stays down. */
const OUTAGE_MS = 1_500;
const FREEZE_MS = 2_500;
const DISK = 'size=512m,mode=700';
const BLOCK_BYTES = 4 << 20;

/** The servers of a campaign, and the faults that can be injected into them. A fault affects all runs that share a server. */
export class StackFaults {
  readonly stack: RunningStack;
  readonly #directory: StackDirectory;
  /** True when storage lives on a file system of its own that can be filled. */
  readonly #fillable: boolean;
  /** Faults are injected one after the other: two of them on one server would interfere. */
  #working: Promise<void> = Promise.resolve();

  private constructor(stack: RunningStack, directory: StackDirectory, fillable: boolean) {
    this.stack = stack;
    this.#directory = directory;
    this.#fillable = fillable;
  }

  static async start(name: string): Promise<StackFaults> {
    await removeEarlierRuns();
    const directory = locateStack(name);
    createStackDirectory(directory);
    const folder = directory.serverPath('storage');
    mkdirSync(folder, { recursive: true });
    // Only root may mount. Without the mount only proxies report a full disk.
    const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', DISK, 'tmpfs', folder]).status === 0;
    if (mounted) process.once('exit', () => void spawnSync('umount', ['-l', folder]));
    return new StackFaults(
      await startStack({ name, environment: embeddedEnvironment() }),
      directory,
      mounted,
    );
  }

  async stop(): Promise<void> {
    await this.#working.catch(() => undefined);
    await this.stack.stop();
    if (this.#fillable) spawnSync('umount', ['-l', this.#directory.serverPath('storage')]);
    await cleanStack({ name: this.#directory.name, force: true });
  }

  get rootToken(): string {
    const keys = readFileSync(join(this.#directory.serverPath('vault'), 'keys.json'), 'utf8');
    return (JSON.parse(keys) as { rootToken: string }).rootToken;
  }

  /** Resolves when the fault has happened; {@link heal} waits until it is over. */
  inject(kind: SharedKind, fired: () => void): Promise<void> {
    return new Promise<void>((happened, failed) => {
      const happen = (): void => {
        fired();
        happened();
      };
      this.#working = this.#working
        .then(() => this.#do(kind, happen))
        .then(happened, (error: unknown) => {
          failed(error instanceof Error ? error : new Error(String(error)));
        });
    });
  }

  /** Ends all faults; resolves when every server answers and is unsealed. */
  async heal(): Promise<void> {
    await this.#working;
    const healthy = await this.stack.servers();
    for (const { server, state } of healthy) if (state !== 'running') await this.stack.restart(server);
  }

  async #do(kind: SharedKind, happened: () => void): Promise<void> {
    switch (kind) {
      case 'temporal.killed':
      case 'mongo.killed':
      case 'storage.killed':
      case 'vault.killed':
        return this.#kill(serverOf(kind), happened);
      case 'temporal.frozen':
      case 'mongo.frozen':
      case 'storage.frozen':
      case 'vault.frozen':
        return this.#freeze(serverOf(kind), happened);
      case 'temporal.databaseLost':
        return this.#kill('temporal', happened, async () => {
          const folder = this.#directory.serverPath('temporal');
          for (const end of ['', '-wal', '-shm'])
            await rm(join(folder, `temporal.db${end}`), { force: true });
        });
      case 'storage.full':
        return this.#fill(happened);
      case 'vault.sealed':
        await this.#vault('POST', 'sys/seal');
        happened();
        await pause(OUTAGE_MS);
        await openVault(this.#vaultAddress, this.#directory.serverPath('vault'));
        return;
      case 'vault.tokensRevoked':
        await this.#vault('POST', 'sys/leases/revoke-prefix/auth/approle/login');
        happened();
        return;
      case 'vault.rightsLost':
        return this.#takeRights(happened);
      case 'vault.keyRotated':
        await this.#vault('POST', `transit/keys/${TRANSIT_KEY}/rotate`);
        happened();
        return;
    }
  }

  async #kill(server: ServerName, happened: () => void, whileDown = () => Promise.resolve()): Promise<void> {
    await this.stack.kill(server);
    happened();
    await whileDown();
    await pause(OUTAGE_MS);
    await this.stack.restart(server);
  }

  /** The policy of the workers loses everything for a while. */
  async #takeRights(happened: () => void): Promise<void> {
    const path = `sys/policies/acl/${ROLE}`;
    await this.#vault('POST', path, { policy: `path "transit/sign/*" { capabilities = ["deny"] }` });
    try {
      happened();
      await pause(OUTAGE_MS);
    } finally {
      await this.#vault('POST', path, { policy: POLICY });
    }
  }

  async #freeze(server: ServerName, happened: () => void): Promise<void> {
    const running = runningProcess(readState(this.#directory)[server]);
    if (!running) return;
    process.kill(-running.pid, 'SIGSTOP');
    try {
      happened();
      await pause(FREEZE_MS);
    } finally {
      process.kill(-running.pid, 'SIGCONT');
    }
  }

  /** Fills the file system of storage to its last byte, and frees the space again. */
  async #fill(happened: () => void): Promise<void> {
    if (!this.#fillable) return;
    const path = join(this.#directory.serverPath('storage'), 'filler');
    const filler = await open(path, 'w');
    try {
      for (let bytes = BLOCK_BYTES; bytes >= 512;) {
        const full = await filler.write(Buffer.alloc(bytes)).then(
          ({ bytesWritten }) => bytesWritten < bytes,
          () => true,
        );
        if (full) bytes >>= 1;
      }
      happened();
      await pause(OUTAGE_MS);
    } finally {
      await filler.close();
      await unlink(path);
    }
  }

  get #vaultAddress(): string {
    return this.stack.env['VAULT_ADDR'] ?? '';
  }

  async #vault(method: 'GET' | 'POST', path: string, body = {}): Promise<void> {
    await callVault({ address: this.#vaultAddress, token: this.rootToken, method, path, body });
  }
}

/** Removes the stack and the mount of a campaign that was killed. */
async function removeEarlierRuns(): Promise<void> {
  const stacks = join(findCheckout(), '.stack');
  for (const name of existsSync(stacks) ? readdirSync(stacks) : []) {
    const pid = /^chaos-(\d+)$/.exec(name)?.[1];
    if (pid === undefined || Number(pid) === process.pid || identify(Number(pid)) !== undefined) continue;
    spawnSync('umount', ['-l', locateStack(name).serverPath('storage')]);
    await cleanStack({ name, force: true });
  }
}

function serverOf(kind: SharedKind): ServerName {
  const [server] = kind.split('.') as [ServerName];
  return server;
}
