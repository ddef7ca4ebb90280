/* global db, print, process */
// The application that writes the audit log: it can add entries, and can neither read, change nor delete any.
// mongosh "mongodb://ADMINISTRATOR@HOST/DATABASE" deploy/mongodb/application.js
// It creates the role in the database of the URI, or replaces its rights. docs/mongodb.md says what each right is for.
// If the log is another collection than auditlogs, set AUDIT_COLLECTION in the environment of mongosh.

const NAME = 'auditApplication';
const RIGHTS = {
  [process.env.AUDIT_COLLECTION || 'auditlogs']: ['insert'],
};

const privileges = Object.entries(RIGHTS).map(([collection, actions]) => ({
  resource: { db: db.getName(), collection },
  actions,
}));
if (db.getRole(NAME)) db.updateRole(NAME, { privileges, roles: [] });
else db.createRole({ role: NAME, privileges, roles: [] });
print(`role ${NAME} of database ${db.getName()}: ${privileges.length} privileges`);
