import crypto from 'node:crypto';
import { EventEmitter } from 'node:events';
import zlib from 'node:zlib';
import type * as HashWasm from 'hash-wasm';

/** The module itself; an import would be a view of it. */
const hashWasm = require('hash-wasm') as typeof HashWasm;

/** A memo is cleared when it holds this many results. */
const MAX_RESULTS = 20_000;

const originals: (() => void)[] = [];

/**
 * From now on this process memoizes functions that depend on their input alone: Ed25519, packing and unpacking. Half a
 * million simulations call them with the same input; the results and the order of calls do not change.
 */
export async function memoizePureFunctions(): Promise<void> {
  memoizeSignatures();
  memoizePacking();
  await shareDigest();
}

/** Restores the functions that {@link memoizePureFunctions} replaced. */
export function restorePureFunctions(): void {
  for (const restore of originals.splice(0)) restore();
}

/** Calls `make` once for each key. */
function memoize<T>(): (key: string, make: () => T) => T {
  const results = new Map<string, T>();
  return (key, make) => {
    const known = results.get(key);
    if (known !== undefined) return known;
    if (results.size === MAX_RESULTS) results.clear();
    const made = make();
    results.set(key, made);
    return made;
  };
}

function textOf(...parts: readonly (Uint8Array | string)[]): string {
  return parts
    .map((part) =>
      typeof part === 'string'
        ? part
        : Buffer.from(part.buffer, part.byteOffset, part.length).toString('latin1'),
    )
    .join('\n');
}

function replace(module: object, functions: object): void {
  for (const [name, value] of Object.entries(functions)) {
    const original = Object.getOwnPropertyDescriptor(module, name)!;
    originals.push(() => void Object.defineProperty(module, name, original));
    Object.defineProperty(module, name, { ...original, value });
  }
}

/** Ed25519 is deterministic: RFC 8032. */
function memoizeSignatures(): void {
  const { sign, verify } = crypto;
  const signatures = memoize<Buffer>();
  const verdicts = memoize<boolean>();
  const names = new WeakMap<object, string>();
  let keys = 0;
  const signOnce = (algorithm: null, message: Buffer, key: crypto.KeyObject): Buffer => {
    const name = names.get(key) ?? `key ${++keys}`;
    names.set(key, name);
    const known = signatures(textOf(name, message), () => sign(algorithm, message, key));
    return Buffer.from(known);
  };
  const verifyOnce = (
    algorithm: null,
    message: Buffer,
    key: crypto.PublicKeyInput & { readonly key: Buffer },
    signature: Buffer,
  ): boolean =>
    verdicts(textOf(key.key, signature, message), () => verify(algorithm, message, key, signature));
  replace(crypto, { sign: signOnce, verify: verifyOnce });
}

/** As much of a stream as packing and unpacking a chunk uses. */
function memoizePacking(): void {
  const packed = memoize<Buffer>();
  const unpacked = memoize<{
    readonly buffer: Buffer;
    readonly engine: { readonly bytesWritten: number };
  }>();

  class Gzip extends EventEmitter {
    readonly #options: zlib.ZlibOptions;
    readonly #parts: Buffer[] = [];
    constructor(options: zlib.ZlibOptions) {
      super();
      this.#options = options;
    }
    write(bytes: Buffer): boolean {
      this.#parts.push(bytes);
      return true;
    }
    end(): void {
      const whole = Buffer.concat(this.#parts);
      const body = packed(textOf(JSON.stringify(this.#options), whole), () =>
        zlib.gzipSync(whole, this.#options),
      );
      process.nextTick(() => {
        this.emit('data', Buffer.from(body));
        this.emit('end');
      });
    }
  }

  class InflateRaw {
    #packed: Buffer = Buffer.alloc(0);
    bytesWritten = 0;
    end(bytes: Buffer): void {
      this.#packed = bytes;
    }
    async *[Symbol.asyncIterator](): AsyncGenerator<Buffer> {
      const { buffer, engine } = unpacked(
        textOf(this.#packed),
        () =>
          zlib.inflateRawSync(this.#packed, { info: true }) as unknown as ReturnType<
            Parameters<typeof unpacked>[1]
          >,
      );
      this.bytesWritten = engine.bytesWritten;
      yield await Promise.resolve(Buffer.from(buffer));
    }
  }

  replace(zlib, {
    createGzip: (options: zlib.ZlibOptions) => new Gzip(options),
    createInflateRaw: () => new InflateRaw(),
  });
}

/** All hashers share one instance: each keeps its state saved, as between two chunks. */
async function shareDigest(): Promise<void> {
  const worker = await hashWasm.createSHA256();
  const start = worker.init().save();
  const create = () => {
    let state: Uint8Array = start;
    const hasher = {
      init: () => {
        state = start;
        return hasher;
      },
      load: (saved: Uint8Array) => {
        worker.load(saved);
        state = saved;
        return hasher;
      },
      update: (data: Uint8Array) => {
        state = worker.load(state).update(data).save();
        return hasher;
      },
      save: () => state,
      digest: (encoding: 'hex') => worker.load(state).digest(encoding),
    };
    return Promise.resolve(hasher);
  };
  replace(hashWasm, { createSHA256: create });
}
