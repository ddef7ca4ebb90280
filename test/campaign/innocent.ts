import { innocentStates } from '../harness/innocentStates';

const USAGE = `npm run innocent

Verifies evidence and live log in states that nobody is to blame for: at every step of running jobs, during a rotation and
during late sealing, after runs that were cancelled or died, after interrupted exports, and beside foreign files. Exit
code 1 when a verification accuses.
`;

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(USAGE);
    return;
  }
  let states = 0;
  let accusations = 0;
  for await (const { name, accusations: found } of innocentStates()) {
    states++;
    accusations += found.length;
    for (const what of found.slice(0, 5)) console.log(`ACCUSED in ${name}: ${what}`);
  }
  console.log(`${states} states, ${accusations} accusations`);
  process.exitCode = accusations === 0 ? 0 : 1;
}

void main();
