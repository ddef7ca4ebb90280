/** Who may import whom: the arrows of docs/design.md, one rule each. */
const only = (name, from, allowed) => ({
  name,
  severity: 'error',
  from: { path: from },
  to: { path: '^(src|workflows|activities|dev|test|bench)/', pathNot: allowed },
});

module.exports = {
  forbidden: [
    { name: 'no-circular', severity: 'error', from: {}, to: { circular: true } },
    only('contract-imports-nothing', '^src/contract/', '^src/contract/'),
    only('errors-imports-nothing', '^src/errors\\.ts$', '^$'),
    only('evidence-is-pure', '^src/evidence/', '^src/(evidence/|contract/|errors\\.ts)'),
    only('calendar-is-pure', '^src/calendar/', '^src/(calendar/|contract/|errors\\.ts)'),
    only('ports-are-interfaces', '^src/ports\\.ts$', '^src/(evidence/|contract/|errors\\.ts)'),
    only(
      'models-know-no-services',
      '^src/models/',
      '^src/(models/|evidence/|contract/|errors\\.ts|ports\\.ts)',
    ),
    only(
      'services-and-adapters-know-no-roots',
      '^src/(services|adapters)/',
      '^src/(services/|adapters/|models/|evidence/|calendar/|contract/|errors\\.ts|ports\\.ts|config\\.ts)',
    ),
    {
      name: 'configuration-is-read-by-roots-and-known-to-adapters-as-a-type',
      severity: 'error',
      from: { path: '^src/(services|adapters)/' },
      to: { path: '^src/config\\.ts$', dependencyTypesNot: ['type-only'] },
    },
    only(
      'activities-know-no-jobs',
      '^activities/',
      '^(activities/|src/(services/|models/|evidence/|calendar/|contract/|errors\\.ts|ports\\.ts))',
    ),
    only(
      'jobs-know-no-activities',
      '^src/(jobs/|schedule[A-Za-z]*\\.ts)',
      '^src/(jobs/|client\\.ts|schedule[A-Za-z]*\\.ts|adapters/|services/|models/|evidence/|calendar/|contract/|errors\\.ts|ports\\.ts)',
    ),
    // Other services load the client: whatever it imports, they load as well.
    only(
      'the-client-is-light',
      '^src/client(/|\\.ts$)',
      '^src/(client/|contract/|errors\\.ts|adapters/temporalConnection\\.ts)',
    ),
    only('the-connection-is-light', '^src/adapters/temporalConnection\\.ts$', '^src/(contract/|errors\\.ts)'),
    {
      name: 'the-client-takes-only-temporal-packages',
      severity: 'error',
      from: { path: '^src/(client(/|\\.ts$)|adapters/temporalConnection\\.ts$)' },
      to: { dependencyTypesNot: ['local', 'core'], pathNot: 'node_modules/@temporalio/(client|common)/' },
    },
    only('workflows-see-only-the-contract', '^workflows/', '^(workflows/|src/contract/)'),
    {
      name: 'workflows-take-only-temporal-packages',
      severity: 'error',
      from: { path: '^workflows/' },
      to: { dependencyTypesNot: ['local'], pathNot: 'node_modules/@temporalio/(workflow|common)/' },
    },
    {
      name: 'evidence-takes-no-vendor',
      severity: 'error',
      from: { path: '^src/evidence/' },
      to: { path: 'node_modules/', pathNot: 'node_modules/(canonicalize|hash-wasm|zod)/' },
    },
    {
      name: 'vendors-live-in-adapters',
      severity: 'error',
      from: { path: '^(src|activities|workflows)/', pathNot: '^src/adapters/' },
      to: { path: 'node_modules/(minio|node-vault)/' },
    },
    {
      name: 'nobody-imports-a-composition-root',
      severity: 'error',
      from: { pathNot: '^(src/cli/|test/)' },
      to: { path: '^src/(workers?\\.ts|server\\.ts|cli/)' },
    },
    {
      name: 'only-tests-import-tests',
      severity: 'error',
      from: { pathNot: '^(test|bench)/' },
      to: { path: '^test/' },
    },
    {
      name: 'only-the-command-line-imports-the-stack',
      severity: 'error',
      from: { pathNot: '^(dev/|test/|bench/|src/cli/)' },
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
