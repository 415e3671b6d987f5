import pg from 'pg';

const postgresFields = [
  'code',
  'detail',
  'hint',
  'position',
  'internalPosition',
  'internalQuery',
  'severity',
  'where',
  'table',
  'column',
  'schema',
  'dataType',
  'constraint',
  'file',
  'line',
  'routine',
] as const;

export type ErrorBody = { message: string } & Record<(typeof postgresFields)[number], string | null>;

/** The JSON of an error. Every field is always there; all but the message are null unless PostgreSQL reported it. */
export function errorBody(error: unknown): ErrorBody {
  const reported = error instanceof pg.DatabaseError ? error : null;
  const fields = postgresFields.map((name) => [name, reported?.[name] ?? null]);
  return { message: describe(error), ...Object.fromEntries(fields) } as ErrorBody;
}

function describe(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
