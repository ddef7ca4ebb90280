import { version } from '../package.json';

/** The version of this product, from package.json. */
export const VERSION = version;

/** Name and version of this product, as the manifest member `software` has it. */
export const SOFTWARE = `audit-snapshot/${version}`;
