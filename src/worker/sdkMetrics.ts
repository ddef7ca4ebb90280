import { createServer } from 'node:net';
import { once } from 'node:events';
import { mergeExpositions } from '../monitoring/mergeExpositions';

const SCRAPE_MS = 2_000;
const LOOPBACK = '127.0.0.1';
/** A scrape of one worker process is some hundred kilobytes. */
const MAX_TEXT = 16 * 1024 * 1024;

/** A free `host:port` of the loopback interface, for one worker process to serve the metrics of Temporal's SDK on. */
export async function freeAddress(): Promise<string> {
  const server = createServer().listen(0, LOOPBACK);
  await once(server, 'listening');
  const { port } = server.address() as { readonly port: number };
  server.close();
  await once(server, 'close');
  return `${LOOPBACK}:${port}`;
}

/**
 * The metrics of Temporal's SDK in every worker process, with the label `worker_process`. `addresses` are those of the
 * processes by place; one that does not answer at once is left out.
 */
export async function readSdkMetrics(addresses: ReadonlyMap<number, string>): Promise<string> {
  const texts = await Promise.all(
    [...addresses].map(async ([index, address]) => [String(index), await scrape(address)] as const),
  );
  return mergeExpositions('worker_process', new Map(texts));
}

async function scrape(address: string): Promise<string> {
  try {
    const response = await fetch(`http://${address}/metrics`, {
      signal: AbortSignal.timeout(SCRAPE_MS),
      redirect: 'error',
    });
    const text = response.ok ? await response.text() : '';
    return text.length > MAX_TEXT ? '' : text;
  } catch {
    // The process starts or ends now; the gauge of the workers shows that.
    return '';
  }
}
