/* global db, print, process */
// Commands that only read, such as `list`, `show`, `status`, `prove` and `verify --live`.
// mongosh "mongodb://ADMINISTRATOR@HOST/DATABASE" deploy/mongodb/reader.js
// It creates the role in the database of the URI, or replaces its rights. docs/mongodb.md says what each right is for.
// If the log is another collection than auditlogs, set AUDIT_COLLECTION in the environment of mongosh.

const NAME = 'auditReader';
const RIGHTS = {
  [process.env.AUDIT_COLLECTION || 'auditlogs']: ['find'],
  snapshots: ['find'],
  snapshotchunks: ['find'],
  windowleases: ['find'],
  assets: ['find'],
  jobs: ['find'],
  ledgerheads: ['find'],
  ledgerleaves: ['find'],
};

const privileges = Object.entries(RIGHTS).map(([collection, actions]) => ({
  resource: { db: db.getName(), collection },
  actions,
}));
if (db.getRole(NAME)) db.updateRole(NAME, { privileges, roles: [] });
else db.createRole({ role: NAME, privileges, roles: [] });
print(`role ${NAME} of database ${db.getName()}: ${privileges.length} privileges`);
