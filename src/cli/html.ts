/** A table whose cells are HTML already; a cell with only a number is aligned right. No header when all its names are empty. */
export function table(
  head: readonly string[],
  rows: readonly (readonly string[])[],
  caption?: string,
): string {
  const header = head.every((name) => name === '')
    ? ''
    : `<tr>${head.map((name) => `<th>${text(name)}</th>`).join('')}</tr>`;
  const body = rows.map(
    (row) =>
      `<tr>${row.map((cell) => (/^[\d,]+$/.test(cell) ? `<td class="n">${cell}</td>` : `<td>${cell}</td>`)).join('')}</tr>`,
  );
  return `<table>${caption === undefined ? '' : `<caption>${text(caption)}</caption>`}${header}${body.join('\n')}</table>`;
}

/** A whole number with thousands separators. */
export function number(value: number): string {
  return value.toLocaleString('en-US');
}

/** Escaped text in a fixed-width font, shortened to 300 characters. */
export function code(value: string): string {
  return `<code>${text(value.length > 300 ? `${value.slice(0, 300)}…` : value)}</code>`;
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Escaped text; control characters and changes of text direction are made visible. */
export function text(value: string): string {
  // oxlint-disable-next-line no-control-regex -- control characters and text direction are searched for
  const visible = value.replaceAll(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069]/g, '�');
  return visible.replaceAll(/[&<>"']/g, (sign) => ENTITIES[sign]!);
}
