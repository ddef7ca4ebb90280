import { cleanStack } from '../../dev/stack/stackCommands';
import { TEST_STACK_NAME, testStack } from './testStack';

/** Jest's global teardown: no process and no data of this test run remain. */
// oxlint-disable-next-line import/no-default-export -- Jest calls the default export
export default async function stopTestStack(): Promise<void> {
  await testStack()?.stop();
  await cleanStack({ name: TEST_STACK_NAME, force: true });
}
