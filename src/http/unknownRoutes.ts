import type { FastifyInstance } from 'fastify';
import { SnapshotError } from '../errors';

/** Which methods exist at which paths, as far as an OpenAPI document would list them. */
export class RouteTable {
  readonly #routes: { readonly path: RegExp; readonly method: string | readonly string[] }[] = [];

  add({ url, method }: { readonly url: string; readonly method: string | readonly string[] }): void {
    if (url.includes('*')) return;
    this.#routes.push({ path: new RegExp(`^${url.replaceAll(/:\w+/g, '[^/]+')}$`), method });
  }

  /** As the header `Allow` lists them; undefined where no route exists. */
  allowedAt(path: string): string | undefined {
    const routes = this.#routes.filter((route) => route.path.test(path));
    const methods = new Set(routes.flatMap(({ method }) => method));
    return methods.size === 0 ? undefined : [...methods].toSorted().join(', ');
  }
}

/** The error for a request that no route handles, with the header `Allow` where it has one. */
export interface UnknownRoute {
  readonly error: SnapshotError;
  readonly allow?: string;
}

/** METHOD_NOT_ALLOWED where the path takes another method, otherwise ROUTE_NOT_FOUND. */
export function unknownRoute(routes: RouteTable, method: string, url: string): UnknownRoute {
  const path = url.split('?')[0]!;
  const shown = path.slice(0, 200);
  const allow = routes.allowedAt(path);
  if (allow === undefined)
    return { error: new SnapshotError('ROUTE_NOT_FOUND', `${method} ${shown} does not exist`) };
  const message = `${shown} supports ${allow}, not ${method}`;
  return { error: new SnapshotError('METHOD_NOT_ALLOWED', message), allow };
}

/** Rejects requests that no route handles, before their body is read. Must be called before any route is added. */
export function rejectUnknownRoutes(app: FastifyInstance, routes: RouteTable): void {
  app.addHook('onRoute', (route) => routes.add(route));
  app.addHook('onRequest', async (request, reply) => {
    if (!request.is404) return;
    const { error, allow } = unknownRoute(routes, request.method, request.url);
    if (allow !== undefined) reply.header('allow', allow);
    throw error;
  });
}
