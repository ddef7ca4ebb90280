import { Option, type Command } from 'commander';
import { existsSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { readSealingConfig } from '../../config';
import { SnapshotError, messageOf } from '../../errors';
import { MAX_TRUST_FILE_BYTES } from '../../evidence/limits';
import {
  makeTrustFile,
  mergeTrust,
  pemOfCertificate,
  revokeKey,
  type TrustFile,
} from '../../evidence/trustFile';
import { action } from '../action';
import { openSigner } from '../connections/signer';
import { readTrust } from '../evidenceSource';
import { collect, example, jsonOption, parseCount, yesOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';
import { readLocalFile } from '../readLocalFile';

interface WriteOptions extends JsonOption {
  readonly out?: string;
}

interface ExportOptions extends WriteOptions {
  readonly yes?: boolean;
  readonly merge?: string;
  readonly timestampAuthority?: readonly string[];
}

interface RevokeOptions extends WriteOptions {
  readonly trust: string;
  readonly ledgerSize: number;
}

/** `keys`: the public keys of the signer. */
export function define(command: Command): void {
  command.description('write the public keys that verify the evidence');
  command
    .command('export')
    .description('write the trust file: every key version, and when it was the newest')
    .option(
      '--merge <trust.json>',
      'also keep what this earlier trust file has: key versions that Vault no longer returns, revocations, timestamp authorities',
    )
    .option(
      '--timestamp-authority <cert.pem>',
      'certificate of a timestamp authority to accept (repeatable)',
      collect,
    )
    .addOption(outOption())
    .addOption(yesOption('replace a file that --merge does not name'))
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot keys export --out trust.json'))
    .action(action(exportKeys));
  command
    .command('revoke')
    .description('write a trust file in which a key version counts only for the first entries of the ledger')
    .argument('<version>', 'key version that is no longer trusted', parseCount)
    .requiredOption('--trust <trust.json>', 'the trust file that has the key version')
    .requiredOption(
      '--ledger-size <n>',
      'number of ledger entries, from the first one, that were published while the key was secret',
      parseSize,
    )
    .addOption(outOption())
    .addOption(jsonOption())
    .addHelpText(
      'after',
      example('audit-snapshot keys revoke 3 --ledger-size 1200 --trust trust.json --out trust.json'),
    )
    .action(action(revoke));
}

function outOption(): Option {
  return new Option('--out <file>', 'file to write; without this option, stdout');
}

async function exportKeys(options: ExportOptions, output: Output): Promise<number> {
  requireNoOverwrite(options);
  const authorities = await readAuthorities(options.timestampAuthority ?? []);
  const signer = await openSigner();
  const served = makeTrustFile(readSealingConfig().origin, await signer.listKeys(), authorities);
  const { merge } = options;
  return write(merge === undefined ? served : mergeTrust(await readTrust(merge), served), options, output);
}

/** A trust file may have what Vault no longer returns: it is replaced only if it was merged, or on request. USAGE_INVALID. */
function requireNoOverwrite({ out, merge, yes = false }: ExportOptions): void {
  if (out === undefined || yes || !existsSync(out)) return;
  if (merge !== undefined && resolve(merge) === resolve(out)) return;
  throw new SnapshotError(
    'USAGE_INVALID',
    `${out} exists, and may pin keys that Vault no longer has: --merge ${out} keeps them, --yes replaces the file`,
  );
}

async function revoke(version: number, options: RevokeOptions, output: Output): Promise<number> {
  return write(revokeKey(await readTrust(options.trust), version, options.ledgerSize), options, output);
}

/** USAGE_INVALID names the file that is not a certificate. */
async function readAuthorities(paths: readonly string[]): Promise<readonly string[]> {
  const authorities: string[] = [];
  for (const path of paths) {
    const text = (await readLocalFile(path, MAX_TRUST_FILE_BYTES)).toString('utf8');
    try {
      authorities.push(pemOfCertificate(text));
    } catch (error) {
      throw new SnapshotError('USAGE_INVALID', `${messageOf(error)} [path=${path}]`, { cause: error });
    }
  }
  return [...new Set(authorities)];
}

async function write(trust: TrustFile, { out, json = false }: WriteOptions, output: Output): Promise<number> {
  const text = JSON.stringify(trust, null, 2);
  if (out === undefined) {
    output.result(text);
    return EXIT.ok;
  }
  await writeFile(out, `${text}\n`);
  output.note(`wrote ${out}; hand it to the auditor out of band`);
  if (json) output.result(JSON.stringify({ out, versions: trust.keys.map(({ version }) => version) }));
  return EXIT.ok;
}

/** A number of ledger entries, also none. */
function parseSize(text: string): number {
  return text === '0' ? 0 : parseCount(text);
}
