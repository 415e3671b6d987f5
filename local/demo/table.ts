/** Rows of equal length as aligned columns, two spaces apart; numbers to the right. */
export function formatTable(rows: readonly (readonly (string | number)[])[], indent = '  '): string {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => String(row[column] ?? '').length)));
  return rows
    .map((row) => {
      const cells = row.map((cell, column) => {
        const width = widths[column] ?? 0;
        return typeof cell === 'number' ? String(cell).padStart(width) : cell.padEnd(width);
      });
      return `${indent}${cells.join('  ').trimEnd()}`;
    })
    .join('\n');
}
