import type { Command, Option } from 'commander';

export const SHELLS = ['bash', 'zsh', 'fish'] as const;
export type Shell = (typeof SHELLS)[number];

interface Place {
  /** Names of the commands that lead here; none for the program itself. */
  readonly path: readonly string[];
  readonly command: Command;
}

/**
 * A completion script, made of nothing but what the program says of itself. It holds every word already, so that a TAB
 * starts no process and evaluates nothing of what was typed.
 */
export function completionScript(program: Command, shell: Shell): string {
  const places = placesOf(program, []);
  const script = shell === 'fish' ? fishScript(program, places) : bashScript(program, places);
  // zsh understands bash's way behind its own adapter.
  return shell === 'zsh' ? `autoload -U +X bashcompinit && bashcompinit\n${script}` : script;
}

function placesOf(command: Command, path: readonly string[]): Place[] {
  const below = command.commands.flatMap((child) => placesOf(child, [...path, child.name()]));
  return [{ path, command }, ...below];
}

function bashScript(program: Command, places: readonly Place[]): string {
  const name = program.name();
  const own = `_${name.replaceAll('-', '_')}`;
  const steps = places.filter(({ path }) => path.length > 0).map(({ path }) => `'${path.join(' ')}'`);
  const choices = places.flatMap(({ path, command }) =>
    optionsOf(command)
      .filter((option) => option.argChoices !== undefined)
      .map((option) => `    '${path.join(' ')}:${option.long}') words='${option.argChoices?.join(' ')}' ;;`),
  );
  const values = places.flatMap(({ path, command }) =>
    optionsOf(command)
      .filter((option) => takesValue(option) && option.argChoices === undefined)
      .map((option) => `'${path.join(' ')}:${option.long}'`),
  );
  const words = places.map(
    ({ path, command }) => `      '${path.join(' ')}') words='${wordsOf(command)}' ;;`,
  );
  return [
    `# Completion of ${name}, by: ${name} completion`,
    `${own}() {`,
    `  local cur="\${COMP_WORDS[COMP_CWORD]}" prev="\${COMP_WORDS[COMP_CWORD-1]}" at='' next words='' i`,
    '  for ((i = 1; i < COMP_CWORD; i++)); do',
    `    next="\${at:+$at }\${COMP_WORDS[i]}"`,
    `    case "$next" in ${steps.join('|')}) at="$next" ;; esac`,
    '  done',
    '  case "$at:$prev" in',
    ...choices,
    `    ${values.join('|')}) COMPREPLY=($(compgen -f -- "$cur")); return ;;`,
    '    *) case "$at" in',
    ...words,
    '    esac ;;',
    '  esac',
    `  COMPREPLY=($(compgen -W "$words" -- "$cur"))`,
    '}',
    `complete -o default -F ${own} ${name}`,
    '',
  ].join('\n');
}

function fishScript(program: Command, places: readonly Place[]): string {
  const name = program.name();
  const lines = places.flatMap(({ path, command }) => {
    const others = command.commands.map((child) => child.name());
    // Behind every command of the path, and in front of any that comes next.
    const seen = path.map((step) => `__fish_seen_subcommand_from ${step}`);
    const ahead = others.length === 0 ? [] : [`not __fish_seen_subcommand_from ${others.join(' ')}`];
    const condition = quoted([...seen, ...ahead].join('; and ') || 'true');
    const add = (rest: string, text: string) =>
      `complete -c ${name} -n ${condition} ${rest} -d ${quoted(text)}`;
    return [
      ...command.commands.map((child) => add(`-f -a ${child.name()}`, child.description())),
      ...optionsOf(command).map((option) => {
        const choices =
          option.argChoices === undefined ? '' : ` -f -a ${quoted(option.argChoices.join(' '))}`;
        return add(
          `-l ${option.long?.slice(2)}${takesValue(option) ? ` -r${choices}` : ''}`,
          option.description,
        );
      }),
    ];
  });
  return [`# Completion of ${name}, by: ${name} completion`, ...lines, ''].join('\n');
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
