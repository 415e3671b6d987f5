const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** Markup that may go into a page as it is. */
export type Html = { readonly html: string };

/** Any text as text of an HTML page, inside of an attribute too. */
function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (sign) => entities[sign] ?? sign);
}

/** A template whose values are text unless they are markup themselves; a list is put down one after the other. */
export function html(
  strings: TemplateStringsArray,
  ...values: readonly (Html | string | number | readonly Html[])[]
): Html {
  const parts = strings.map((text, index) => text + (index < values.length ? render(values[index] ?? '') : ''));
  return { html: parts.join('') };
}

function render(value: Html | string | number | readonly Html[]): string {
  if (typeof value === 'string' || typeof value === 'number') return escapeHtml(String(value));
  return 'html' in value ? value.html : value.map((one) => one.html).join('');
}

type Cell = Html | string | number;

/** A table; one that is empty says so. */
export function renderTable(headings: readonly string[], rows: readonly (readonly Cell[])[]): Html {
  if (rows.length === 0) return html`<p class="none">none</p>`;
  const head = headings.map((heading) => html`<th>${heading}</th>`);
  const body = rows.map(
    (cells) =>
      html`<tr>
        ${cells.map((cell) => html`<td>${cell}</td>`)}
      </tr>`,
  );
  return html`<div class="wide">
    <table>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>
  </div>`;
}

/** Names with their values. */
export function renderPairs(pairs: readonly (readonly [string, string])[]): Html {
  return html`<dl>
    ${pairs.map(
      ([name, value]) =>
        html`<dt>${name}</dt>
          <dd>${value}</dd>`,
    )}
  </dl>`;
}

/** A whole page. */
export function renderPage(title: string, content: Html): string {
  return html`<!doctype html>
    <html lang="en">
      <meta charset="utf-8" />
      <meta name="viewport" content="width=device-width" />
      <title>${title}</title>
      <style>
        ${{ html: STYLE }}
      </style>
      <body>
        ${content}
      </body>
    </html>`.html;
}

const STYLE = `
:root { color-scheme: light dark; }
body { font: 15px/1.45 system-ui, sans-serif; margin: 1.5rem auto; max-width: 80rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.wide { overflow-x: auto; } table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: left; padding: .25rem .6rem; border-bottom: 1px solid #8884; vertical-align: top; }
th { font-weight: 600; white-space: nowrap; } td { overflow-wrap: break-word; max-width: 24rem; }
.none { opacity: .65; } .bad { color: #c33; font-weight: 600; } .good { color: #27804a; } .time { white-space: nowrap; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; } dt { opacity: .7; } dd { margin: 0; overflow-wrap: anywhere; }
nav a { margin-right: 1rem; } summary { cursor: pointer; } pre { white-space: pre-wrap; margin: .3rem 0; }
`;
