import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DefaultLogger, bundleWorkflowCode } from '@temporalio/worker';

/** A newer version of the workflow code, written to `folder`: it does one thing more, behind a patch, as an upgrade would. */
export async function bundleChanged(folder: string): Promise<string> {
  const { code } = await bundleWorkflowCode({
    workflowsPath: require.resolve('./changedWorkflows'),
    logger: new DefaultLogger('ERROR'),
  });
  const path = join(folder, 'changed-bundle.js');
  await writeFile(path, code);
  return path;
}
