/* global db, print, process */
// `audit-snapshot indexes create`, at installation and after updates.
// mongosh "mongodb://ADMINISTRATOR@HOST/DATABASE" deploy/mongodb/indexes.js
// It creates the role in the database of the URI, or replaces its rights. docs/mongodb.md says what each right is for.
// If the log is another collection than auditlogs, set AUDIT_COLLECTION in the environment of mongosh.

const NAME = 'auditIndexes';
const RIGHTS = {
  [process.env.AUDIT_COLLECTION || 'auditlogs']: ['createIndex', 'listIndexes'],
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
