import { execFileSync } from 'node:child_process';
import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A certificate and its private key, as paths of PEM files. */
export interface IssuedCertificate {
  readonly cert: string;
  readonly key: string;
}

/** A private certificate authority, made with openssl. */
export interface PrivateAuthority {
  /** Path of its certificate in PEM form. */
  readonly ca: string;
  issue(name: string, usage: 'serverAuth' | 'clientAuth'): IssuedCertificate;
}

/** Makes an authority with a new key; server certificates are valid for localhost and 127.0.0.1. */
export function makeAuthority(): PrivateAuthority {
  const directory = mkdtempSync(join(tmpdir(), 'audit-snapshot-ca-'));
  const at = (name: string) => join(directory, name);
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: directory, stdio: 'pipe' });
  const newKey = (path: string) =>
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', path);
  newKey(at('ca.key'));
  const authority = ['-subj', '/CN=Test authority', '-addext', 'basicConstraints=critical,CA:TRUE'];
  openssl('req', '-x509', '-new', '-key', at('ca.key'), '-days', '2', ...authority, '-out', at('ca.pem'));
  return {
    ca: at('ca.pem'),
    issue: (name, usage) => {
      const [key, request, cert] = [at(`${name}.key`), at(`${name}.csr`), at(`${name}.pem`)];
      newKey(key);
      openssl('req', '-new', '-key', key, '-subj', `/CN=${name}`, '-out', request);
      const extensions = [
        'subjectAltName=DNS:localhost,IP:127.0.0.1',
        `extendedKeyUsage=${usage}`,
        'basicConstraints=CA:FALSE',
      ];
      writeFileSync(at(`${name}.ext`), `${extensions.join('\n')}\n`);
      const issuer = ['-CA', at('ca.pem'), '-CAkey', at('ca.key'), '-CAcreateserial'];
      openssl(
        'x509',
        '-req',
        '-in',
        request,
        ...issuer,
        '-days',
        '1',
        '-extfile',
        at(`${name}.ext`),
        '-out',
        cert,
      );
      return { cert, key };
    },
  };
}
