import { readFileSync } from 'node:fs';
import type { ConfigProblem } from './problems';
import type { Environment } from './schema';

const PEM = /-----BEGIN [A-Z0-9 ]+-----[\s\S]+-----END [A-Z0-9 ]+-----/;

/** The problem of a file that must contain PEM (certificates or keys); undefined for a usable one. TLS_FILE_INVALID. */
export function tlsFileProblem(setting: string, path: string): ConfigProblem | undefined {
  const problem = (how: string): ConfigProblem => ({
    code: 'TLS_FILE_INVALID',
    message: `${setting} ${how}: ${path}`,
  });
  try {
    return PEM.test(readFileSync(path, 'latin1')) ? undefined : problem('names a file without PEM');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return problem(
      code === 'ENOENT' ? 'names a file that does not exist' : `names an unreadable file (${code})`,
    );
  }
}

/** Node.js itself only warns when the CA file of the whole process is missing, and then rejects every server. */
export function nodeCaFileProblems(env: Environment): readonly ConfigProblem[] {
  const path = env['NODE_EXTRA_CA_CERTS'];
  return listed(path === undefined || path === '' ? undefined : tlsFileProblem('NODE_EXTRA_CA_CERTS', path));
}

/** The options of a MongoDB URI that name PEM files, in the spelling of the driver's documentation. */
const FILE_OPTIONS = ['tlsCAFile', 'tlsCertificateKeyFile', 'tlsCRLFile'];

/** The problems of the files that a MongoDB URI names. */
export function mongoUriFileProblems(uri: string): readonly ConfigProblem[] {
  const given = [...new URLSearchParams(uri.slice(uri.indexOf('?') + 1))];
  return FILE_OPTIONS.flatMap((option) =>
    given
      .filter(([name]) => name.toLowerCase() === option.toLowerCase())
      .flatMap(([, path]) => listed(tlsFileProblem(`${option} of MONGODB_URI`, path))),
  );
}

function listed(problem: ConfigProblem | undefined): readonly ConfigProblem[] {
  return problem === undefined ? [] : [problem];
}
