import { X509Certificate, createHash } from 'node:crypto';
import { Constructed, OctetString, Sequence, fromBER } from 'asn1js';
import {
  Certificate,
  CertificateChainValidationEngine,
  ExtKeyUsage,
  PKIStatus,
  SignedData,
  TSTInfo,
  TimeStampResp,
  type SignerInfo,
} from 'pkijs';
import { malformed, messageOf } from '../errors';
import { sha256 } from '../tlog/sha256';

const OID = {
  tstInfo: '1.2.840.113549.1.9.16.1.4',
  sha256: '2.16.840.1.101.3.4.2.1',
  timeStamping: '1.3.6.1.5.5.7.3.8',
  extKeyUsage: '2.5.29.37',
  signingCertificate: '1.2.840.113549.1.9.16.2.12',
  signingCertificateV2: '1.2.840.113549.1.9.16.2.47',
} as const;
/** Digests of a certificate by their size; the identifier of the algorithm is not needed to tell them apart. */
const DIGESTS: Readonly<Record<number, string>> = { 20: 'sha1', 32: 'sha256', 48: 'sha384', 64: 'sha512' };

/** A token as it is read: its statement, and the certificates that it carries. */
interface Token {
  readonly signed: SignedData;
  readonly info: TSTInfo;
  readonly signer: SignerInfo;
  readonly certificates: readonly Certificate[];
}

/**
 * Verifies the response of a timestamp authority over `data` (RFC 3161): granted, over the SHA-256 of the data, signed by
 * a certificate for timestamps that is one of `pinned` (PEM) or was issued below one. Returns the time of the token.
 * EVIDENCE_MALFORMED says what does not hold.
 */
export async function verifyTimestampToken(
  response: Buffer,
  data: Buffer,
  pinned: readonly string[],
): Promise<Date> {
  const token = readToken(response);
  const { hashAlgorithm, hashedMessage } = token.info.messageImprint;
  const imprint = Buffer.from(hashedMessage.valueBlock.valueHexView);
  if (hashAlgorithm.algorithmId !== OID.sha256 || !imprint.equals(sha256(data)))
    throw malformed('it is a timestamp of other data');
  const certificate = certificateOfSigner(token, pinned);
  checkPurpose(certificate);
  checkSignedCertificate(token, certificate);
  await checkSignature(token, certificate, data);
  await checkChain(token, certificate, pinned);
  return token.info.genTime;
}

function readToken(response: Buffer): Token {
  try {
    const { status, timeStampToken } = TimeStampResp.fromBER(response);
    const isGranted = [PKIStatus.granted, PKIStatus.grantedWithMods].includes(status.status);
    if (!isGranted || !timeStampToken) throw malformed('the authority did not grant it');
    const signed = new SignedData({ schema: timeStampToken.content });
    const { eContentType, eContent } = signed.encapContentInfo;
    const [signer, another] = signed.signerInfos;
    if (eContentType !== OID.tstInfo || !eContent || !signer || another)
      throw malformed('it is not a token with one signature');
    const info = TSTInfo.fromBER(eContent.getValue());
    const certificates = (signed.certificates ?? []).filter((item) => item instanceof Certificate);
    return { signed, info, signer, certificates };
  } catch (error) {
    throw malformed(`it is not an RFC 3161 response: ${messageOf(error)}`, error);
  }
}

/** The certificate that the signature names: carried by the token, or pinned. */
function certificateOfSigner({ signer, certificates }: Token, pinned: readonly string[]): Certificate {
  const { issuer, serialNumber } = signer.sid as Certificate;
  const found = [...certificates, ...pinned.map(parsePem)].find(
    (candidate) =>
      issuer !== undefined &&
      candidate.issuer.isEqual(issuer) &&
      candidate.serialNumber.isEqual(serialNumber),
  );
  if (found) return found;
  throw malformed('neither the token nor the trust file has the certificate of its signature');
}

/** Section 2.3: the certificate is for timestamps alone, and says so in a critical extension. */
function checkPurpose({ extensions = [] }: Certificate): void {
  const usage = extensions.find(({ extnID }) => extnID === OID.extKeyUsage);
  const purposes = usage?.parsedValue instanceof ExtKeyUsage ? usage.parsedValue.keyPurposes : [];
  if (usage?.critical !== true || purposes.length !== 1 || purposes[0] !== OID.timeStamping)
    throw malformed('its certificate is not one for timestamps');
}

/** Section 2.4.2: the signature covers the digest of its certificate, so that no other one can be put in its place. */
function checkSignedCertificate({ signer }: Token, certificate: Certificate): void {
  const attribute = signer.signedAttrs?.attributes.find(
    ({ type }) => type === OID.signingCertificate || type === OID.signingCertificateV2,
  );
  const digest = attribute && firstOctets(attribute.values[0]);
  const algorithm = digest && DIGESTS[digest.length];
  const der = Buffer.from(certificate.toSchema().toBER());
  if (!algorithm || !createHash(algorithm).update(der).digest().equals(digest))
    throw malformed('its signature does not name its certificate');
}

/** The first OCTET STRING in an ASN.1 value, depth first: of a signingCertificate, the digest of the first certificate. */
function firstOctets(value: unknown): Buffer | undefined {
  if (value instanceof OctetString) return Buffer.from(value.valueBlock.valueHexView);
  if (!(value instanceof Sequence) && !(value instanceof Constructed)) return undefined;
  for (const member of value.valueBlock.value) {
    const found = firstOctets(member);
    if (found) return found;
  }
  return undefined;
}

async function checkSignature(
  { signed, certificates }: Token,
  certificate: Certificate,
  data: Buffer,
): Promise<void> {
  if (!certificates.includes(certificate)) signed.certificates = [...certificates, certificate];
  const isValid = await signed
    .verify({ signer: 0, data: exactBytes(data), checkChain: false })
    .catch((error: unknown) => {
      throw malformed(`its signature cannot be checked: ${messageOf(error)}`, error);
    });
  if (!isValid) throw malformed('its signature does not verify');
}

/** The chain must have been valid at the time of the token: it counts after the certificates have expired, too. */
async function checkChain(
  { info, certificates }: Token,
  certificate: Certificate,
  pinned: readonly string[],
): Promise<void> {
  const trustedCerts = pinned.map(parsePem);
  const { notBefore, notAfter } = certificate;
  if (info.genTime < notBefore.value || info.genTime > notAfter.value)
    throw malformed('its certificate was not valid at its time');
  if (trustedCerts.some((trusted) => isSame(trusted, certificate))) return;
  const others = certificates.filter((other) => !isSame(other, certificate));
  // The certificate whose chain is checked is the last one.
  const certs = [...others, certificate];
  const engine = new CertificateChainValidationEngine({ certs, trustedCerts, checkDate: info.genTime });
  const { result, resultMessage } = await engine.verify();
  if (!result) throw malformed(`no certificate of the trust file issued its certificate: ${resultMessage}`);
}

function isSame(one: Certificate, other: Certificate): boolean {
  return Buffer.from(one.toSchema().toBER()).equals(Buffer.from(other.toSchema().toBER()));
}

function parsePem(pem: string): Certificate {
  const { result } = fromBER(exactBytes(new X509Certificate(pem).raw));
  return new Certificate({ schema: result });
}

/** The bytes as a buffer of their own. */
function exactBytes(bytes: Buffer): ArrayBuffer {
  return new Uint8Array(bytes).buffer;
}
