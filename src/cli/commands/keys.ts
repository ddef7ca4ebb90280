import type { Command } from 'commander';
import { writeFile } from 'node:fs/promises';
import { readSealingConfig } from '../../config';
import { makeTrustFile, mergeTrust } from '../../evidence/trustFile';
import { action } from '../action';
import { openSigner } from '../connections/signer';
import { readTrust } from '../evidenceSource';
import { example, jsonOption, type JsonOption } from '../options';
import { EXIT, type Output } from '../output';

interface ExportOptions extends JsonOption {
  readonly out?: string;
  readonly merge?: string;
}

/** `keys`: the public keys of the signer. */
export function define(command: Command): void {
  command.description('write the public keys that verify the evidence');
  command
    .command('export')
    .description('write the trust file: every key version, and when it was the newest')
    .option(
      '--merge <trust.json>',
      'also keep key versions from this earlier trust file that Vault no longer returns',
    )
    .option('--out <file>', 'file to write; without this option, stdout')
    .addOption(jsonOption())
    .addHelpText('after', example('audit-snapshot keys export --out trust.json'))
    .action(action(exportKeys));
}

async function exportKeys({ out, merge, json = false }: ExportOptions, output: Output): Promise<number> {
  const signer = await openSigner();
  const { origin } = readSealingConfig();
  const served = makeTrustFile(origin, await signer.listKeys());
  const trust = merge === undefined ? served : mergeTrust(await readTrust(merge), served);
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
