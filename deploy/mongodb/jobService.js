/* global db, print */
// The job service (`audit-snapshot serve`): it keeps jobs and idempotency keys, and writes who did what
// into the log. It can read neither the log nor the ledger.
// mongosh "mongodb://ADMINISTRATOR@HOST/DATABASE" deploy/mongodb/jobService.js
// It creates the role in the database of the URI, or replaces its rights. docs/mongodb.md says what each right is for.

const NAME = 'auditJobService';
const RIGHTS = {
  auditlogs: ['insert'],
  jobs: ['find', 'insert', 'update', 'listIndexes'],
  // The policy that the snapshot of a job was opened with, to retry the job.
  snapshots: ['find'],
  idempotencykeys: ['find', 'insert', 'update', 'remove', 'listIndexes'],
};

const privileges = Object.entries(RIGHTS).map(([collection, actions]) => ({
  resource: { db: db.getName(), collection },
  actions,
}));
if (db.getRole(NAME)) db.updateRole(NAME, { privileges, roles: [] });
else db.createRole({ role: NAME, privileges, roles: [] });
print(`role ${NAME} of database ${db.getName()}: ${privileges.length} privileges`);
