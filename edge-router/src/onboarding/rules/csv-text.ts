/** Excel takes a CSV for UTF-8 by this alone. */
const BYTE_ORDER_MARK = '\uFEFF';
/** What a spreadsheet may run: https://owasp.org/www-community/attacks/CSV_Injection, wide forms included. */
const FORMULA_PATTERN = /^\s*[=+\-@＝＋－＠]|^[\t\r\n]/;
const NUMBER_PATTERN = /^[+-]?\d+(?:\.\d+)?$/;

/** A cell that no spreadsheet runs: an apostrophe before what may be a formula. Reading takes it off again. */
function toInertCell(text: string): string {
  return FORMULA_PATTERN.test(text) && !NUMBER_PATTERN.test(text) ? `'${text}` : text;
}

/** Lines as a CSV in UTF-8 with a byte order mark (RFC 4180); every cell inert. */
export function writeCsv(lines: readonly (readonly string[])[]): string {
  const written = lines.map((cells) => cells.map((cell) => quoteCell(toInertCell(cell))).join(','));
  return `${BYTE_ORDER_MARK}${written.join('\r\n')}\r\n`;
}

function quoteCell(text: string): string {
  return /[",;\t\r\n]|^\s|\s$/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
