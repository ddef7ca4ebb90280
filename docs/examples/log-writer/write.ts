import { AuditLog, isSnapshotError } from 'audit-snapshot/log';

const log = await AuditLog.connect(process.env['MONGODB_URI'] ?? 'mongodb://localhost:27017/app');
const paid = { resourceType: 'invoice', resourceId: '42', action: 'invoice.paid', actorId: 'user-7' };
const { id, hash } = await log.write({ ...paid, details: { amount: 199.95, currency: 'EUR' } });
console.log(`wrote ${id} with the hash ${hash}`);
try {
  await log.write({ ...paid, details: { cents: 2n ** 64n } });
} catch (error) {
  if (!isSnapshotError(error, 'PAYLOAD_INVALID')) throw error;
  console.log(`refused: ${error.message}`);
}
await log.close();
