/** True when Node.js rejected the certificate of a server. Trying again does not help. */
export function isCertificateError(error: unknown): boolean {
  return (
    typeof error === 'object' && error !== null && 'code' in error && CERTIFICATE.test(String(error.code))
  );
}

const CERTIFICATE =
  /^(CERT_|ERR_TLS_CERT|DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT|UNABLE_TO_(VERIFY_LEAF_SIGNATURE|GET_ISSUER_CERT))/;
