import type { Ports } from './ports';
import type { Environment, ServerName, Variables } from './serverName';
import type { Tool } from './tool';

/** One embedded server: its own folder, ports and program. */
export interface ServerInstance {
  /** Exists, mode 0700. */
  readonly folder: string;
  readonly ports: Ports;
  readonly binary: string;
}

export interface ServerCommand {
  readonly args: readonly string[];
  /** Where secrets go: never into `args`, which every user of the machine can read. */
  readonly env: Variables;
}

/** Everything the stack needs to know of one kind of server. */
export interface Server {
  readonly name: ServerName;
  /** Its name, for people. */
  readonly title: string;
  readonly tool: Tool;
  /** Set in the environment, it names a server to use instead of starting one. */
  readonly urlVariable: string;
  /** Variables that belong to it, passed on unchanged when such a server is used. */
  readonly variables: readonly string[];
  readonly portNames: readonly string[];
  /** Writes configuration and secrets where they are missing, and says how to start the server. */
  prepare(instance: ServerInstance): ServerCommand;
  /** The environment by which programs use the server; what is not provisioned yet is left out. */
  environment(instance: ServerInstance): Variables;
  /** Rejects unless the server answers at all; one try, at most a few seconds. `*_UNREACHABLE`. */
  reach(variables: Environment): Promise<void>;
  /** Makes an answering server ready for audit-snapshot; repeating it changes nothing. */
  provision(instance: ServerInstance): Promise<void>;
  /** Rejects unless the server is ready for audit-snapshot; one try. */
  check(variables: Environment): Promise<void>;
  /** A plainer reason for a failed start, read from the end of the log; undefined when there is none. */
  explain?(logLines: readonly string[], instance: ServerInstance): string | undefined;
}
