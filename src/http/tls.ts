import { Server as TlsServer, type TlsOptions } from 'node:tls';
import type { FastifyInstance } from 'fastify';
import type { TlsFiles } from '../config/jobService';

/** TLS 1.2 with forward secrecy and authenticated encryption, and TLS 1.3. */
const CIPHERS = [
  'TLS_AES_256_GCM_SHA384',
  'TLS_CHACHA20_POLY1305_SHA256',
  'TLS_AES_128_GCM_SHA256',
  'ECDHE-ECDSA-AES256-GCM-SHA384',
  'ECDHE-RSA-AES256-GCM-SHA384',
  'ECDHE-ECDSA-CHACHA20-POLY1305',
  'ECDHE-RSA-CHACHA20-POLY1305',
  'ECDHE-ECDSA-AES128-GCM-SHA256',
  'ECDHE-RSA-AES128-GCM-SHA256',
].join(':');

/** The options of a server with these certificates; with `clientCa` it accepts clients with a certificate only. */
export function tlsOptions({ cert, key, clientCa }: TlsFiles): TlsOptions {
  return {
    cert,
    key,
    minVersion: 'TLSv1.2',
    ciphers: CIPHERS,
    honorCipherOrder: true,
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  };
}

/** Uses other certificates for all connections from now on. */
export function replaceCertificates({ server }: Pick<FastifyInstance, 'server'>, files: TlsFiles): void {
  if (server instanceof TlsServer) server.setSecureContext(tlsOptions(files));
}
