import { z } from 'zod';
import type { ErrorCode } from '../errors';

/** Addresses are shown in errors, logs, job rows and the Web UI, so none of them may hold a secret. */

type Problem = { readonly code: ErrorCode; readonly message: string };

const WITH_CREDENTIALS: Problem = {
  code: 'ADDRESS_HAS_CREDENTIALS',
  message: 'contains a user, a password or an "@"; addresses are shown, so remove it',
};

/** A text for which `problemOf` finds no problem. Messages never quote the text. */
function checkedText(problemOf: (value: string) => Problem | undefined) {
  return z
    .string()
    .max(4096)
    .superRefine((value, context) => {
      const problem = problemOf(value);
      if (problem)
        context.addIssue({ code: 'custom', message: problem.message, params: { code: problem.code } });
    });
}

/** `http(s)://host[:port][/path]` of a server, without user, query and fragment. */
export const httpUrl = checkedText((value) => {
  const problem = httpProblem(value);
  if (problem) return problem;
  return /[?#]/.test(value)
    ? wrongForm('has a query or a fragment; give the address of the server alone')
    : undefined;
});

/** `http(s)://host[:port]` alone: of a server whose paths belong to its protocol. */
export const httpOrigin = checkedText((value) => {
  const problem = httpProblem(value);
  if (problem) return problem;
  const { pathname, search, hash } = new URL(value);
  return pathname === '/' && search === '' && hash === ''
    ? undefined
    : wrongForm('has a path, a query or a fragment; give http(s)://host[:port] alone');
});

/** An `http(s)://` URL whose query is part of the address. */
export const httpUrlWithQuery = checkedText(httpProblem);

function httpProblem(value: string): Problem | undefined {
  if (hasCredentials(value)) return WITH_CREDENTIALS;
  if (!/^https?:\/\//i.test(value)) return wrongForm('does not start with http:// or https://');
  const usable = URL.canParse(value) && !/[\s\p{Cc}]/u.test(value);
  return usable ? undefined : wrongForm('is not a URL: http(s)://host[:port]');
}

/** `host:port` or `[IPv6]:port`, as gRPC takes it: without a scheme, a path and a user. */
export const hostAndPort = checkedText((value) => {
  if (hasCredentials(value)) return WITH_CREDENTIALS;
  if (/^[a-z][a-z0-9+.-]*:\/\//i.test(value))
    return wrongForm('starts with a scheme; give host:port without http:// or https://');
  const [, port = '0'] = /^(?:[a-z0-9_](?:[a-z0-9_.-]*)|\[[0-9a-f:.]+\])(?::(\d{1,5}))?$/i.exec(value) ?? [
    '',
    'none',
  ];
  return Number(port) <= 65_535 ? undefined : wrongForm('is not host:port');
});

/** A text that is compared or shown; a URL among them has no user and no password. */
export const textWithoutCredentials = checkedText((value) => {
  if (value === '') return wrongForm('is empty');
  return URL.canParse(value) && hasCredentials(value) ? WITH_CREDENTIALS : undefined;
});

/** Also what a parser would take for a path: an unescaped slash in a password moves its end there. */
function hasCredentials(value: string): boolean {
  return value.includes('@');
}

const DATABASE_NAME = /^[^\s/\\."$*<>:|?\p{Cc}]{1,63}$/u;

/** A MongoDB URI with the name of a database. It may hold a user and a password, and is therefore never shown. */
export const mongoUri = checkedText((value) => {
  const [, address] = /^mongodb(?:\+srv)?:\/\/(.*)$/s.exec(value) ?? [];
  if (address === undefined) return wrongForm('does not start with mongodb:// or mongodb+srv://');
  const [beforeOptions = ''] = address.split('?');
  const slash = beforeOptions.indexOf('/');
  if (slash !== -1 && beforeOptions.includes('@', slash)) return UNESCAPED;
  const hosts = slash === -1 ? beforeOptions : beforeOptions.slice(0, slash);
  if (hosts.split('@').length > 2) return UNESCAPED;
  if (hosts.slice(hosts.indexOf('@') + 1) === '') return wrongForm('names no host');
  const database = slash === -1 ? '' : beforeOptions.slice(slash + 1);
  if (database === '') {
    const message = 'names no database: add its name to the path, as in mongodb://host:27017/app';
    return { code: 'CONFIG_INVALID', message };
  }
  return DATABASE_NAME.test(decoded(database))
    ? undefined
    : { code: 'CONFIG_INVALID', message: 'has a path that is not the name of a database' };
});

const UNESCAPED = wrongForm(
  'has a user or password with a reserved character: write @ as %40, / as %2F, : as %3A, % as %25',
);

function wrongForm(message: string): Problem {
  return { code: 'ADDRESS_INVALID', message };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // No name of a database has a percent sign that escapes nothing and passes the driver.
    return '';
  }
}
