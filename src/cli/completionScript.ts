import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Node {
  /** Names of the commands that lead to this one; none for the program itself. */
  readonly path: readonly string[];
  readonly command: Command;
}

/**
 * A completion script, made of nothing but the commands and options of the program. It holds every word already, so that
 * pressing TAB starts no process and evaluates nothing of what was typed.
 */
export function completionScript(program: Command, shell: Shell): string {
  const nodes = nodesOf(program, []);
  const script = shell === 'fish' ? fishScript(program, nodes) : bashScript(program, nodes);
  // zsh understands bash completion by its own adapter.
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${script}` : script;
}

function nodesOf(command: Command, path: readonly string[]): Node[] {
  const below = command.commands.flatMap((child) => nodesOf(child, [...path, child.name()]));
  return [{ path, command }, ...below];
}

function bashScript(program: Command, nodes: readonly Node[]): string {
  const name = program.name();
  const functionName = `_${name.replaceAll('-', '_')}`;
  const paths = nodes.filter(({ path }) => path.length > 0).map(({ path }) => `'${path.join(' ')}'`);
  return [
    `# Completion of ${name}, by: ${name} completion`,
    `${functionName}() {`,
    `  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at='' next words='' i`,
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    `    next="\${at:+$at }\${COMP_WORDS[i]}"`,
    `    case "$next" in ${paths.join('|')}) at="$next" ;; esac`,
    '  done',
    '  case "$at:$prev" in',
    ...bashChoices(nodes),
    `    ${bashFileOptions(nodes).join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;`,
    '    *) case "$at" in',
    ...nodes.map(({ path, command }) => `      '${path.join(' ')}') words='${wordsOf(command)}' ;;`),
    '    esac ;;',
    '  esac',
    `  COMPREPLY=($(compgen -W "$words" -- "$cur"))`,
    '}',
    `complete -o default -F ${functionName} ${name}`,
    '',
  ].join('\n');
}

/** One case for each option whose values are known. */
function bashChoices(nodes: readonly Node[]): readonly string[] {
  return nodes.flatMap(({ path, command }) =>
    optionsOf(command).flatMap(({ long, argChoices }) =>
      argChoices === undefined ? [] : [`    '${path.join(' ')}:${long}') words='${argChoices.join(' ')}' ;;`],
    ),
  );
}

/** The options with any other value, which is completed as a file name. */
function bashFileOptions(nodes: readonly Node[]): readonly string[] {
  return nodes.flatMap(({ path, command }) =>
    optionsOf(command)
      .filter((option) => takesValue(option) && option.argChoices === undefined)
      .map(({ long }) => `'${path.join(' ')}:${long}'`),
  );
}

function fishScript(program: Command, nodes: readonly Node[]): string {
  const name = program.name();
  const lines = nodes.flatMap((node) => {
    const prefix = `complete -c ${name} -n ${quoted(fishCondition(node))}`;
    const commands = node.command.commands.map(
      (child) => `${prefix} -f -a ${child.name()} -d ${quoted(child.summary() || child.description())}`,
    );
    const options = optionsOf(node.command).map(
      (option) => `${prefix} ${fishOption(option)} -d ${quoted(option.description)}`,
    );
    return [...commands, ...options];
  });
  return [`# Completion of ${name}, by: ${name} completion`, ...lines, ''].join('\n');
}

/** True after every command of the path, and before any command that may follow it. */
function fishCondition({ path, command }: Node): string {
  const seen = path.map((word) => `__fish_seen_subcommand_from ${word}`);
  const following = command.commands.map((child) => child.name());
  const notYet = following.length === 0 ? [] : [`not __fish_seen_subcommand_from ${following.join(' ')}`];
  return [...seen, ...notYet].join('; and ') || 'true';
}

function fishOption(option: Option): string {
  const flag = `-l ${option.long?.slice(2)}`;
  if (!takesValue(option)) return flag;
  return option.argChoices === undefined
    ? `${flag} -r`
    : `${flag} -r -f -a ${quoted(option.argChoices.join(' '))}`;
}

function optionsOf(command: Command): readonly Option[] {
  return command.options.filter(({ hidden, long }) => !hidden && long !== undefined);
}

function takesValue({ required, optional }: Option): boolean {
  return required || optional;
}

/** What may come next: commands, values of arguments, options. */
function wordsOf(command: Command): string {
  const options = optionsOf(command).map(({ long }) => long ?? '');
  const values = command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []);
  return [...command.commands.map((child) => child.name()), ...values, ...options, '--help'].join(' ');
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
