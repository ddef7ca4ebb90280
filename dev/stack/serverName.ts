/** The four servers of a stack, by their role for audit-snapshot. */
export const SERVER_NAMES = ['temporal', 'vault', 'storage', 'mongo'] as const;

export type ServerName = (typeof SERVER_NAMES)[number];

/** Environment variables, as read from a shell or as passed to a process. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Environment variables that are all set. */
export type Variables = Readonly<Record<string, string>>;
