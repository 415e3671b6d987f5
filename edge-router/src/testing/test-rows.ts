/** One row of a locations file in the standard columns; what a test is about is given. */
export function testRow(given: Readonly<Record<string, string>>): Record<string, string> {
  return {
    'Location Name': `Location ${given['Franchise Code'] ?? ''}`,
    Address: '1 Main St',
    City: 'Boston',
    State: 'MA',
    'Zip Code': '02134',
    Phone: '(617) 555-0123',
    Email: 'office@example.com',
    Website: '',
    Timezone: '',
    'Capacity Limit': '',
    Region: 'Test',
    'Franchise Code': '',
    'Opening Date': '',
    'Manager Name': '',
    'Manager Email': '',
    Specialties: '',
    ...given,
  };
}

/** The rows as a CSV with a header, every cell quoted. */
export function csvOf(rows: readonly Readonly<Record<string, string>>[]): string {
  const columns = Object.keys(rows[0] ?? {});
  const line = (cells: readonly string[]): string => cells.map((cell) => `"${cell.replaceAll('"', '""')}"`).join(',');
  return [line(columns), ...rows.map((row) => line(columns.map((column) => row[column] ?? '')))].join('\n');
}
