import { version } from '../package.json';

export const VERSION = version;

/** Name and version of this software, as manifests name it. */
export const SOFTWARE = `audit-snapshot/${version}`;
