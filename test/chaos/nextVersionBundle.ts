import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';

/** Writes a newer version of the workflow code to `folder`: it does one thing more, guarded by a patch, as an upgrade would. */
export async function bundleNextVersion(folder: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('./nextVersionWorkflows'),
    logger: new DefaultLogger('ERROR'),
  });
  const path = join(folder, 'next-bundle.js');
  await writeFile(path, code);
  return path;
}
