import type { Server } from '../server';
import type { ServerName } from '../serverName';
import { mongo } from './mongo';
import { storage } from './storage';
import { temporal } from './temporal';
import { vault } from './vault';

/** The four servers of every stack. */
export const CATALOG: Readonly<Record<ServerName, Server>> = { temporal, vault, storage, mongo };
