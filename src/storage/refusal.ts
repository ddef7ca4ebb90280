import type { IncomingMessage } from 'node:http';
import { S3Error } from 'minio';
import { collectBody } from '../net/collectBody';

/** The S3 error document is far smaller. A proxy may send a page of any size. */
const MAX_ERROR_BYTES = 16_384;
const MAX_MESSAGE_CHARACTERS = 300;

/** What S3 means by a status whose response has no body: every HEAD, and some servers. */
const CODE_OF_STATUS: Readonly<Record<number, string>> = {
  301: 'PermanentRedirect',
  307: 'TemporaryRedirect',
  401: 'AccessDenied',
  403: 'AccessDenied',
  404: 'NotFound',
  405: 'MethodNotAllowed',
  409: 'ConditionalRequestConflict',
  412: 'PreconditionFailed',
  416: 'InvalidRange',
  429: 'SlowDown',
  500: 'InternalError',
  501: 'NotImplemented',
  503: 'ServiceUnavailable',
  507: 'InsufficientStorage',
};

/** A response with an error status. `code` is that of S3, or `HTTP <status>` when the body is not an S3 error document. */
export class Refusal extends S3Error {
  readonly status: number;
  /** The body ended early, so nothing but the status is certain. */
  readonly isCut: boolean;

  constructor(status: number, code: string, message: string, isCut: boolean) {
    super(message);
    this.status = status;
    this.code = code;
    this.isCut = isCut;
  }
}

/** Reads the body of an error response, at most 16 KiB of it, whatever its content is. Never throws. */
export async function readRefusal(response: IncomingMessage): Promise<Refusal> {
  const status = response.statusCode ?? 0;
  const parts: Buffer[] = [];
  // The status is known, so a body that ends early or not at all does not hide it.
  const isCut = await collectBody(response, MAX_ERROR_BYTES, parts).then(
    () => false,
    () => true,
  );
  const text = Buffer.concat(parts).toString('utf8');
  const document = errorDocument(text);
  if (document) return new Refusal(status, document.code, withRegion(document.message, response), isCut);
  const code = text === '' && !isCut ? CODE_OF_STATUS[status] : undefined;
  if (code !== undefined)
    return new Refusal(status, code, withRegion(`status ${status} without a body`, response), isCut);
  return new Refusal(status, `HTTP ${status}`, describeBody(text, isCut), isCut);
}

function errorDocument(text: string): { readonly code: string; readonly message: string } | undefined {
  if (!/^\s*(<\?xml[^>]*>\s*)?<Error[\s>]/.test(text)) return undefined;
  const code = /<Code>\s*([A-Za-z0-9_.-]{1,64})\s*<\/Code>/.exec(text)?.[1];
  if (code === undefined) return undefined;
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? '';
  // The text may reach a terminal.
  const printable = message.replaceAll(/\p{Cc}+/gu, ' ').trim();
  return { code, message: printable.slice(0, MAX_MESSAGE_CHARACTERS) };
}

function withRegion(message: string, { headers }: IncomingMessage): string {
  const region = headers['x-amz-bucket-region'];
  return typeof region === 'string' && /^[a-z0-9-]{1,32}$/.test(region)
    ? `${message} (the bucket is in the region ${region}: check S3_REGION and S3_ENDPOINT)`
    : message;
}

function describeBody(text: string, isCut: boolean): string {
  if (isCut) return 'the body of the response was cut off';
  if (text === '') return 'the response has no body';
  return 'the body is not an S3 error: a proxy may have answered, or S3_ENDPOINT is another server';
}
