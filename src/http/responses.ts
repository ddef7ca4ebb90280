import type { z } from 'zod';
import { PROBLEM_TYPE, problemKind, type RequestErrorCode, type StatusOf } from './problem';
import { problem } from './schemas';

/** A documented response with problem details. */
interface ErrorResponse {
  readonly description: string;
  readonly content: { readonly [PROBLEM_TYPE]: { readonly schema: typeof problem } };
}

type ErrorResponses<C extends RequestErrorCode> = { [K in C as StatusOf<K>]: ErrorResponse };

/** Codes that any request with a bearer token may be answered with, besides failures of the service or its servers. */
const COMMON_CODES = [
  'UNAUTHENTICATED',
  'SCOPE_MISSING',
  'RATE_LIMITED',
  'OVERLOADED',
  'SHUTTING_DOWN',
] as const;

/** The documented error responses of a public route, by status, made from the codes that it answers with. */
export function errorResponses<C extends RequestErrorCode>(codes: readonly C[]): ErrorResponses<C> {
  const lines = new Map<number, string[]>();
  for (const code of codes) {
    const [status, title] = problemKind(code, false);
    lines.set(status, [...(lines.get(status) ?? []), `\`${code}\`: ${title}.`]);
  }
  const responses = [...lines].map(([status, own]) => [status, errorResponse(own.join(' '))]);
  return Object.fromEntries(responses) as ErrorResponses<C>;
}

/** The same for a route that requires a bearer token, with the responses that all of these routes share. */
export function securedErrorResponses<C extends RequestErrorCode>(...codes: readonly C[]) {
  const [, failed] = problemKind('INTERNAL', false);
  const [, unavailable] = problemKind('INTERNAL', true);
  const responses = errorResponses([...COMMON_CODES, ...codes]);
  return {
    ...responses,
    500: errorResponse(`\`INTERNAL\` and others: ${failed}; its log has the reason under \`instance\`.`),
    503: errorResponse(`${responses[503].description} Others: ${unavailable}.`),
  };
}

function errorResponse(description: string): ErrorResponse {
  return { description, content: { [PROBLEM_TYPE]: { schema: problem } } };
}

/** A documented successful response in JSON. */
export function jsonResponse<T extends z.ZodType>(description: string, schema: T) {
  return { description, content: { 'application/json': { schema } } };
}
