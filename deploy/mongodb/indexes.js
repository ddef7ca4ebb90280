/* global db, print */
// `audit-snapshot indexes create`, at installation and after updates.
// mongosh "mongodb://ADMINISTRATOR@HOST/DATABASE" deploy/mongodb/indexes.js
// It creates the role in the database of the URI, or replaces its rights. docs/mongodb.md says what each right is for.

const NAME = 'auditIndexes';
const RIGHTS = {
  auditlogs: ['createIndex', 'listIndexes'],
  snapshots: ['createIndex', 'listIndexes'],
  assets: ['createIndex', 'listIndexes'],
  jobs: ['createIndex', 'listIndexes'],
  idempotencykeys: ['createIndex', 'listIndexes'],
  ledgerleaves: ['createIndex', 'listIndexes'],
};

const privileges = Object.entries(RIGHTS).map(([collection, actions]) => ({
  resource: { db: db.getName(), collection },
  actions,
}));
if (db.getRole(NAME)) db.updateRole(NAME, { privileges, roles: [] });
else db.createRole({ role: NAME, privileges, roles: [] });
print(`role ${NAME} of database ${db.getName()}: ${privileges.length} privileges`);
