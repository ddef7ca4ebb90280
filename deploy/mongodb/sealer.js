/* global db, print, process */
// Workers (`audit-snapshot worker`): they read and mark the log, and keep their rows.
// mongosh "mongodb://ADMINISTRATOR@HOST/DATABASE" deploy/mongodb/sealer.js
// It creates the role in the database of the URI, or replaces its rights. docs/mongodb.md says what each right is for.
// If the log is another collection than auditlogs, set AUDIT_COLLECTION in the environment of mongosh.

const NAME = 'auditSealer';
const RIGHTS = {
  [process.env.AUDIT_COLLECTION || 'auditlogs']: ['find', 'insert', 'update', 'listIndexes'],
  snapshots: ['find', 'insert', 'update', 'listIndexes'],
  snapshotchunks: ['find', 'insert', 'update'],
  windowleases: ['find', 'insert', 'update'],
  assets: ['find', 'insert', 'listIndexes'],
  jobs: ['find', 'insert', 'update', 'listIndexes'],
  ledgerheads: ['find', 'insert', 'update'],
  ledgerleaves: ['find', 'insert', 'listIndexes'],
  // the empty name: the database itself
  '': ['listCollections'],
};

const privileges = Object.entries(RIGHTS).map(([collection, actions]) => ({
  resource: { db: db.getName(), collection },
  actions,
}));
if (db.getRole(NAME)) db.updateRole(NAME, { privileges, roles: [] });
else db.createRole({ role: NAME, privileges, roles: [] });
print(`role ${NAME} of database ${db.getName()}: ${privileges.length} privileges`);
