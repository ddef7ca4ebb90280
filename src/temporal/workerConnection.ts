import { NativeConnection } from '@temporalio/worker';
import { describeTarget, type TemporalAddress } from './connection';
import { toTemporalError } from './errors';

/** How soon a worker uses an API key whose file was replaced. */
const API_KEY_REFRESH_MS = 30_000;

export interface WorkerConnection extends AsyncDisposable {
  readonly connection: NativeConnection;
}

/** The connection over which a worker polls. It takes a new API key as soon as there is one. TEMPORAL_*. */
export async function connectWorker(target: TemporalAddress): Promise<WorkerConnection> {
  const { address, tls, metadata } = target;
  let apiKey = keyOf(target);
  try {
    const connection = await NativeConnection.connect({
      address,
      ...(tls === undefined ? {} : { tls }),
      ...(apiKey === undefined ? {} : { apiKey }),
      ...(metadata === undefined ? {} : { metadata: { ...metadata } }),
    });
    const refresh = setInterval(() => {
      const current = keyOf(target);
      if (current === undefined || current === apiKey) return;
      apiKey = current;
      void connection.setApiKey(current);
    }, API_KEY_REFRESH_MS).unref();
    return {
      connection,
      [Symbol.asyncDispose]: async () => {
        clearInterval(refresh);
        await connection.close();
      },
    };
  } catch (error) {
    throw toTemporalError(describeTarget(target), error);
  }
}

function keyOf({ apiKey }: TemporalAddress): string | undefined {
  return typeof apiKey === 'function' ? apiKey() : apiKey;
}
