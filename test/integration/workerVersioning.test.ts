import { readTemporalConfig } from '../../src/config';
import { connectTemporal } from '../../src/temporal/connection';
import { uniqueName } from '../harness/deployment';
import { eventually } from '../harness/eventually';
import { workflowIdOf } from '../../src/contract/names';
import { Services } from '../harness/services';

const DAY = { from: '2026-01-31T00:00:00.000Z', to: '2026-01-31T23:59:59.999Z' };

test.each(['pinned', 'auto-upgrade'])(
  'a worker with the versioning "%s" runs jobs of its build once this is the current version',
  async (versioning) => {
    const deploymentName = uniqueName('sealing-');
    const services = new Services({
      WORKER_VERSIONING: versioning,
      WORKER_DEPLOYMENT_NAME: deploymentName,
      WORKER_BUILD_ID: 'build-1',
    });
    await using temporal = await connectTemporal(readTemporalConfig());
    try {
      await services.start();
      await services.log(3, DAY);
      await eventually('the deployment as Temporal knows it', async () =>
        temporal.connection.workflowService
          .setWorkerDeploymentCurrentVersion({
            namespace: 'default',
            deploymentName,
            buildId: 'build-1',
          })
          .then(
            () => true,
            () => false,
          ),
      );
      const jobId = await services.submit(DAY);
      await expect(services.ended(jobId)).resolves.toMatchObject({ status: 'succeeded' });
      const { raw } = await temporal.client.workflow.getHandle(workflowIdOf(jobId)).describe();
      expect(raw.workflowExecutionInfo?.versioningInfo).toMatchObject({
        behavior: versioning === 'pinned' ? 1 : 2,
        deploymentVersion: { buildId: 'build-1', deploymentName },
      });
    } finally {
      await services.stop();
    }
  },
  120_000,
);
