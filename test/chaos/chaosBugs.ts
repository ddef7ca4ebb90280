import { Readable } from 'node:stream';
import type { ClientRequest, IncomingMessage, RequestOptions } from 'node:http';
import type { PlantedBug } from '../simulation/plantedBug';
import { PLANTED_BUGS } from '../simulation/plantedBugs';

type OnResponse = (response: IncomingMessage) => void;

/** Planted bugs of the simulation, and those that only real connections reveal. */
export const CHAOS_BUGS: Readonly<Record<string, PlantedBug>> = {
  ...PLANTED_BUGS,
  'responses without content are left unread': {
    deps: (deps) => {
      leaveUnread();
      return deps;
    },
  },
};

/** The caller gets an empty response in place of the one of the server, whose connection is then never free again. */
function leaveUnread(): void {
  const http = process.getBuiltinModule('node:http');
  const send = http.request as (options: RequestOptions, onResponse: OnResponse) => ClientRequest;
  const sendUnread = (options: RequestOptions, onResponse: OnResponse): ClientRequest =>
    send(options, (response) => onResponse(isRead(options) ? response : emptyLike(response)));
  Object.assign(http, { request: sendUnread });
}

/** Only requests to storage have this header; those that read something need its content. */
function isRead({ method, headers }: RequestOptions): boolean {
  return method === 'GET' || !Object.hasOwn(headers ?? {}, 'x-amz-content-sha256');
}

function emptyLike({ statusCode, headers }: IncomingMessage): IncomingMessage {
  return Object.assign(Readable.from([]), { statusCode, headers }) as IncomingMessage;
}
