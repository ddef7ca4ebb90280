/** One metric in the text format of Prometheus: its comment lines and its samples. */
interface Family {
  readonly comments: string[];
  readonly samples: string[];
}

const COMMENT = /^# (?:HELP|TYPE) (\S+)/;
const SAMPLE = /^([A-Za-z_:][\w:]*)(?:\{(.*)\})?( (?:[-+]?(?:[\d.]+(?:e[-+]?\d+)?|Inf)|NaN)(?: \d+)?)$/i;
const SUFFIXES = /_(bucket|sum|count)$/;

/**
 * Joins what several processes expose in the text format of Prometheus
 * (https://prometheus.io/docs/instrumenting/exposition_formats/). Every sample gets the label `name` with the value of its
 * process. The lines of one metric stay together, because the format requires it; a line of another form is left out.
 */
export function mergeExpositions(name: string, texts: ReadonlyMap<string, string>): string {
  const families = new Map<string, Family>();
  for (const [value, text] of texts) addSamples(families, text, `${name}="${value}"`);
  const lines = [...families.values()].flatMap(({ comments, samples }) => [...comments, ...samples]);
  return lines.length === 0 ? '' : `${lines.join('\n')}\n`;
}

function addSamples(families: Map<string, Family>, text: string, label: string): void {
  for (const line of text.split('\n')) {
    const [, commented] = COMMENT.exec(line) ?? [];
    if (commented !== undefined) {
      const { comments } = familyOf(families, commented);
      const kind = line.slice(0, 7);
      if (!comments.some((known) => known.startsWith(kind))) comments.push(line);
      continue;
    }
    const [, metric, labels = '', rest] = SAMPLE.exec(line) ?? [];
    if (metric === undefined || rest === undefined) continue;
    const all = labels === '' ? label : `${labels.replace(/,$/, '')},${label}`;
    const owner = families.has(metric) ? metric : metric.replace(SUFFIXES, '');
    familyOf(families, owner).samples.push(`${metric}{${all}}${rest}`);
  }
}

function familyOf(families: Map<string, Family>, metric: string): Family {
  const known = families.get(metric);
  if (known) return known;
  const added: Family = { comments: [], samples: [] };
  families.set(metric, added);
  return added;
}
