/**
 * Exits with 0 if GET /livez of this container answers 200. A container runs a worker or a job service, so only one of the
 * two ports answers. Requesting both works for either.
 */
const ports = [process.env['WORKER_HTTP_PORT'] ?? '9464', process.env['PORT'] ?? '8080'];

const alive = async (port) => {
  const response = await fetch(`http://127.0.0.1:${port}/livez`, { signal: AbortSignal.timeout(3_000) });
  if (response.status !== 200) throw new Error(`port ${port}: ${response.status}`);
};

Promise.any(ports.map(alive)).then(
  () => process.exit(0),
  ({ errors }) => {
    process.stderr.write(`${errors.map(({ message, cause }) => cause?.message ?? message).join('; ')}\n`);
    process.exit(1);
  },
);
