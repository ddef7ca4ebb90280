import { writeFile } from 'node:fs/promises';
import { connectSigner } from '../vault/vaultSigner';
import { readSealingConfig, readVaultConfig } from '../config';
import { makeTrustFile } from '../evidence/trustFile';
import { mergeTrust } from '../evidence/trustFile';
import { readTrust } from './evidenceSource';
import { EXIT, type Output } from './output';

/** Writes the trust file of every key version that Vault still serves; to stdout without `out`. */
export async function exportTrust(
  options: { readonly out?: string; readonly merge?: string; readonly json?: boolean },
  output: Output,
): Promise<number> {
  const signer = await connectSigner(readVaultConfig());
  const { origin } = readSealingConfig();
  const served = makeTrustFile(origin, await signer.listKeys());
  const trust = options.merge === undefined ? served : mergeTrust(await readTrust(options.merge), served);
  const text = JSON.stringify(trust, null, 2);
  if (options.out === undefined) output.result(text);
  else {
    await writeFile(options.out, `${text}\n`);
    output.note(`wrote ${options.out}; give it to the auditor by a way of its own`);
    const versions = trust.keys.map(({ version }) => version);
    if (options.json === true) output.result(JSON.stringify({ out: options.out, versions }));
  }
  return EXIT.ok;
}
