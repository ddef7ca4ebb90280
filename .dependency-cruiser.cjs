/** Who may import whom: the arrows of docs/design.md, one rule for each room. */
const ROOMS = '^(src|workflows|activities|dev|test|bench)/';

/** Files below `room` import nothing of ours but themselves and what `allowed` lists. */
const only = (room, ...allowed) => ({
  name: `${room.replace(/^src\//, '')} imports only ${allowed.join(', ') || 'itself'}`,
  severity: 'error',
  from: { path: `^${room}(/|\\.ts$)` },
  to: { path: ROOMS, pathNot: [room, ...allowed].map((path) => `^${path}(/|\\.ts$)`) },
});

const CORE = ['src/contract', 'src/errors'];
const EVIDENCE = [...CORE, 'src/tlog', 'src/evidence'];
const PORTS = [...EVIDENCE, 'src/ports'];
const DOMAIN = [...PORTS, 'src/verify', 'src/sealing', 'src/schedule', 'src/models'];
const VENDORS = ['src/mongo', 'src/storage', 'src/vault', 'src/tsa', 'src/temporal'];

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only('src/errors'),
    only('src/contract', 'src/errors'),
    only('src/tlog', 'src/errors'),
    only('src/evidence', ...CORE, 'src/tlog'),
    only('src/net'),
    only('src/ports', ...EVIDENCE),
    only('src/verify', ...PORTS),
    only('src/sealing', ...PORTS, 'src/verify'),
    only('src/schedule', ...PORTS),
    only('src/models', ...PORTS),
    ...VENDORS.map((vendor) => only(vendor, ...DOMAIN, 'src/net', 'src/config')),
    only('src/services', ...DOMAIN, 'src/mongo'),
    only('activities', ...DOMAIN, ...VENDORS),
    only('src/client', ...CORE, 'src/temporal/(connection|errors)'),
    only('src/temporal/(connection|errors)', ...CORE),
    only('src/jobs', ...DOMAIN, ...VENDORS, 'src/client'),
    only(
      'src/http',
      ...DOMAIN,
      ...VENDORS,
      'src/services',
      'src/client',
      'src/jobs',
      'src/config',
      'src/monitoring',
      'src/tracing',
      'src/log',
      'src/version',
      'src/runProcess',
      'src/temporalClient',
    ),
    only(
      'src/worker',
      ...DOMAIN,
      ...VENDORS,
      'src/services',
      'src/jobs',
      'src/config',
      'src/monitoring',
      'src/tracing',
      'src/log',
      'src/version',
      'src/runProcess',
      'src/temporalClient',
      'activities',
    ),
    only('src/temporalClient', 'src/config', 'src/temporal', 'src/vault', ...CORE),
    only('src/config', ...CORE),
    only('src/tracing'),
    only('src/monitoring', ...CORE, 'src/ports', 'src/config'),
    only('workflows', ...CORE),
    {
      name: 'only roots read the configuration; adapters know its types',
      severity: 'error',
      from: { path: '^src/(mongo|storage|vault|tsa|temporal|services|jobs|monitoring)/' },
      to: { path: '^src/config/', dependencyTypesNot: ['type-only'] },
    },
    {
      name: 'the client takes only Temporal packages: other services load what it loads',
      severity: 'error',
      from: { path: '^src/(client/|temporal/(connection|errors)\\.ts$)' },
      to: {
        dependencyTypesNot: ['local', 'core'],
        pathNot: 'node_modules/@temporalio/(client|common|envconfig)/',
      },
    },
    {
      name: 'workflows take only Temporal packages',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { dependencyTypesNot: ['local'], pathNot: 'node_modules/@temporalio/(workflow|common)/' },
    },
    {
      name: 'tlog takes no package',
      severity: 'error',
      from: { path: '^src/tlog/' },
      to: { path: 'node_modules/' },
    },
    {
      name: 'evidence takes no vendor',
      severity: 'error',
      from: { path: '^src/evidence/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/(canonicalize|hash-wasm|zod)/' },
    },
    ...[
      ['minio', 'storage'],
      ['node-vault', 'vault'],
    ].map(([vendor, room]) => ({
      name: `${vendor} is known to src/${room} only`,
      severity: 'error',
      from: { path: '^(src|activities|workflows)/', pathNot: `^src/${room}/` },
      to: { path: `node_modules/${vendor}/` },
    })),
    {
      name: 'nobody imports a composition root',
      severity: 'error',
      from: { pathNot: '^(src/cli/|src/worker/|test/|bench/)' },
      to: { path: '^src/(worker/|http/main\\.ts|cli/)' },
    },
    {
      name: 'only tests import tests',
      severity: 'error',
      from: { pathNot: '^(test|bench)/' },
      to: { path: '^test/' },
    },
    {
      name: 'of the product only the commands demo and stack import dev',
      severity: 'error',
      from: { path: '^(src|activities|workflows)/', pathNot: '^src/cli/commands/(demo|stack)\\.ts$' },
      to: { path: '^dev/' },
    },
    {
      name: 'no-orphans',
      severity: 'error',
      from: { orphan: true, pathNot: '\\.(d\\.ts|cjs|mjs)$|^test/|^src/contract/|^src/errors\\.ts$' },
      to: {},
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'require', 'node', 'default', 'types'],
    },
  },
};
