import { mongo } from 'mongoose';
import os from 'node:os';
import type { Variables } from '../../dev/stack/serverName';

/** The stack's database by a plain driver without retries, so that a test sees which write was not acknowledged. */
export function databaseClient(env: Variables): mongo.MongoClient {
  return new mongo.MongoClient(env['MONGODB_URI'] ?? '', {
    serverSelectionTimeoutMS: 2_000,
    retryWrites: false,
    // the driver would load it by a dynamic import(), which Jest's sandbox refuses
    runtimeAdapters: { os },
  });
}
