import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { runInNewContext } from 'node:vm';

const DIRECTORY = join(__dirname, '../../deploy/mongodb');

/** A role of a MongoDB database. */
export interface Role {
  readonly name: string;
  readonly privileges: readonly {
    readonly resource: { readonly db: string; readonly collection: string };
    readonly actions: readonly string[];
  }[];
}

/** Runs a script of deploy/mongodb as mongosh does, and returns the role that it creates, or replaces if it `exists`. */
export function roleOfScript(
  script: string,
  database: string,
  exists = false,
  env: Readonly<Record<string, string>> = {},
): Role {
  const roles: Role[] = [];
  const db = {
    getName: () => database,
    getRole: (name: string) => (exists ? { role: name } : null),
    createRole: ({ role, ...rest }: { readonly role: string } & Omit<Role, 'name'>) =>
      void (exists || roles.push({ name: role, ...rest })),
    updateRole: (name: string, rest: Omit<Role, 'name'>) => void (exists && roles.push({ name, ...rest })),
  };
  runInNewContext(readFileSync(join(DIRECTORY, `${script}.js`), 'utf8'), {
    db,
    print: () => undefined,
    process: { env },
  });
  const [role] = roles;
  if (!role || roles.length > 1) throw new Error(`${script}.js makes ${roles.length} roles`);
  // Objects of the script's own context have other prototypes, which the driver refuses.
  return JSON.parse(JSON.stringify(role)) as Role;
}

/** The role without one action on one collection. */
export function withoutRight(role: Role, collection: string, action: string): Role {
  const privileges = role.privileges.map((privilege) =>
    privilege.resource.collection === collection
      ? { ...privilege, actions: privilege.actions.filter((known) => known !== action) }
      : privilege,
  );
  return { ...role, privileges: privileges.filter(({ actions }) => actions.length > 0) };
}

/** Every right of a role, as collection and action. */
export function rightsOf({ privileges }: Role): readonly (readonly [collection: string, action: string])[] {
  return privileges.flatMap(({ resource, actions }) =>
    actions.map((action) => [resource.collection, action] as const),
  );
}
