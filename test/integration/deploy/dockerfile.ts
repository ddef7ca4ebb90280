import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import { promisify } from 'node:util';
import { copyPackages, hasLockedPackages } from './lockedPackages';

/** One instruction of a Dockerfile: its name in capitals, and the rest with continued lines joined. */
export interface Instruction {
  readonly name: string;
  readonly rest: string;
}

/** Comments and blank lines are left out, as Docker does, also between continued lines. */
export function parseDockerfile(text: string): Instruction[] {
  const lines = text.split('\n').filter((line) => !/^\s*(#|$)/.test(line));
  return lines
    .join('\n')
    .replace(/\\\n/g, ' ')
    .split('\n')
    .map((line) => {
      const [, name, rest] = /^(\S+)\s+(.*)$/.exec(line)!;
      return { name: name!.toUpperCase(), rest: rest!.replace(/\s+/g, ' ').trim() };
    });
}

/** The instructions of the last stage, which is the image. */
export function lastStage(instructions: readonly Instruction[]): readonly Instruction[] {
  return instructions.slice(instructions.findLastIndex(({ name }) => name === 'FROM'));
}

/** Name and value of every variable that an image sets. */
export function environmentOf(stage: readonly Instruction[]): Record<string, string> {
  const pairs = stage.filter(({ name }) => name === 'ENV').flatMap(({ rest }) => rest.split(' '));
  return Object.fromEntries(pairs.map((pair) => pair.split('=')));
}

interface Stage {
  /** The directory that is the stage's working directory. */
  readonly root: string;
  workdir: string;
}

export interface BuildPlaces {
  readonly dockerfile: string;
  readonly context: string;
  /** An empty directory; each stage gets one of its own in it. */
  readonly room: string;
}

const run = promisify(execFile);

/**
 * Runs the COPY and RUN steps of a Dockerfile without Docker and gives the directory of the last stage. What is copied to
 * an absolute path is left out: it comes from a base image. `npm ci` copies the packages of the context if they are what it
 * would install: installing them again takes as long as all other steps.
 */
export async function buildWithoutDocker(places: BuildPlaces, minutesPerStep: number): Promise<string> {
  const stages = new Map<string, Stage>();
  let stage: Stage = { root: places.room, workdir: '/' };
  for (const { name, rest } of parseDockerfile(readFileSync(places.dockerfile, 'utf8'))) {
    if (name === 'FROM') {
      const alias = / AS (\S+)$/i.exec(rest)?.[1] ?? 'image';
      stage = { root: join(places.room, alias), workdir: '/' };
      stages.set(alias, stage);
      mkdirSync(stage.root);
    } else if (name === 'WORKDIR') stage.workdir = rest;
    else if (name === 'COPY') await copy(rest, stage, stages, places.context);
    else if (name === 'RUN' && rest.startsWith('npm ci ') && hasLockedPackages(places.context))
      await copyPackages(places.context, stage.root);
    else if (name === 'RUN') {
      const args = [`${minutesPerStep}m`, 'sh', '-c', rest];
      await run('timeout', args, { cwd: stage.root, maxBuffer: 2 ** 26 });
    }
  }
  return stage.root;
}

async function copy(
  rest: string,
  to: Stage,
  stages: ReadonlyMap<string, Stage>,
  context: string,
): Promise<void> {
  const words = rest.split(' ');
  const from = words[0]!.startsWith('--from=')
    ? stages.get(words.shift()!.slice('--from='.length))
    : undefined;
  const target = words.pop()!;
  if (isAbsolute(target)) return;
  for (const source of words) {
    const path = from ? join(from.root, relative(from.workdir, source)) : join(context, source);
    const destination = join(to.root, target, target.endsWith('/') ? source : '');
    mkdirSync(dirname(destination), { recursive: true });
    if (statSync(path).isDirectory()) mkdirSync(destination, { recursive: true });
    await run('cp', ['-a', statSync(path).isDirectory() ? `${path}/.` : path, destination]);
  }
}
