import { mongo } from 'mongoose';

const { BSON } = mongo;
const OP_MSG = 2013;
const HEADER_BYTES = 16;

type Document = Record<string, unknown>;

/** Cuts a stream of wire messages into whole ones (MongoDB wire protocol, OP_MSG). */
export class FrameSplitter {
  #rest: Buffer = Buffer.alloc(0);

  push(part: Buffer): Buffer[] {
    let rest = this.#rest.length === 0 ? part : Buffer.concat([this.#rest, part]);
    const frames: Buffer[] = [];
    while (rest.length >= HEADER_BYTES && rest.length >= rest.readInt32LE(0)) {
      const size = rest.readInt32LE(0);
      frames.push(rest.subarray(0, size));
      rest = rest.subarray(size);
    }
    this.#rest = rest;
    return frames;
  }
}

export const requestIdOf = (frame: Buffer): number => frame.readInt32LE(4);
export const answersTo = (frame: Buffer): number => frame.readInt32LE(8);

/** Name of the command of a request: the first member of its body. Undefined for other messages. */
export function commandNameOf(frame: Buffer): string | undefined {
  if (frame.readInt32LE(12) !== OP_MSG || frame[20] !== 0) return undefined;
  return frame.toString('latin1', 26, frame.indexOf(0, 26));
}

/** The body of a message, with the members that are sent as document sequences beside it. */
export function readMessage(frame: Buffer): Document {
  const message: Document = {};
  for (let at = HEADER_BYTES + 4; at < frame.length;) {
    const kind = frame[at++];
    const end = at + frame.readInt32LE(at);
    if (kind === 0) Object.assign(message, BSON.deserialize(frame.subarray(at, end)));
    else {
      const nameEnd = frame.indexOf(0, at + 4);
      const name = frame.toString('latin1', at + 4, nameEnd);
      message[name] = [...documentsOf(frame.subarray(nameEnd + 1, end))];
    }
    at = end;
  }
  return message;
}

/** A message with this body alone; `answersTo` is 0 for a request. */
export function writeMessage(body: Document, requestId: number, answered = 0): Buffer {
  const document = BSON.serialize(body);
  const frame = Buffer.alloc(HEADER_BYTES + 5 + document.length);
  [frame.length, requestId, answered, OP_MSG].forEach((value, index) => frame.writeInt32LE(value, index * 4));
  frame.set(document, HEADER_BYTES + 5);
  return frame;
}

function* documentsOf(bytes: Buffer): Generator<Document> {
  for (let at = 0; at < bytes.length;) {
    const end = at + bytes.readInt32LE(at);
    yield BSON.deserialize(bytes.subarray(at, end));
    at = end;
  }
}
