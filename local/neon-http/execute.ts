import pg from 'pg';
import { isolationLevels } from './protocol.ts';
import type { Batch, SqlRequest, Statement } from './protocol.ts';

type Field = {
  name: string;
  dataTypeID: number;
  tableID: number;
  columnID: number;
  dataTypeSize: number;
  dataTypeModifier: number;
  format: 'text';
};
type Row = (string | null)[];
export type StatementAnswer = {
  fields: Field[];
  rows: Row[] | Record<string, string | null>[];
  command: string;
  rowCount: number | null;
  rowAsArray: boolean;
};
export type SqlAnswer = StatementAnswer | { results: StatementAnswer[] };

/** Runs the request on one connection of the pool. Rejects with what PostgreSQL or the connection said. */
export async function execute(pool: pg.Pool, request: SqlRequest): Promise<SqlAnswer> {
  const client = await pool.connect();
  let isConnectionSound = true;
  try {
    return request.kind === 'single'
      ? await runStatement(client, request.statement)
      : { results: await runBatch(client, request.batch) };
  } catch (error) {
    // PostgreSQL closes the connection after a FATAL error, but the end of the socket may be noticed only later.
    isConnectionSound = error instanceof pg.DatabaseError && error.severity === 'ERROR';
    throw error;
  } finally {
    // A statement may have been a lone BEGIN: a connection goes back to the pool only when it is outside a transaction.
    client.release(!isConnectionSound || client.getTransactionStatus() !== 'I');
  }
}

async function runBatch(client: pg.PoolClient, batch: Batch): Promise<StatementAnswer[]> {
  await client.query(`START TRANSACTION ${transactionModes(batch)}`);
  try {
    const answers: StatementAnswer[] = [];
    for (const statement of batch.statements) answers.push(await runStatement(client, statement));
    await client.query('COMMIT');
    return answers;
  } catch (error) {
    // On a dropped connection this fails too; the first error is the one to report, and the connection is discarded.
    await client.query('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function transactionModes({ isolationLevel, readOnly, deferrable }: Batch): string {
  const modes = [
    isolationLevel === null ? '' : `ISOLATION LEVEL ${isolationLevels[isolationLevel]}`,
    readOnly ? 'READ ONLY' : '',
    deferrable ? 'DEFERRABLE' : '',
  ];
  return modes.filter((mode) => mode !== '').join(', ');
}

async function runStatement(client: pg.PoolClient, statement: Statement): Promise<StatementAnswer> {
  const query: pg.QueryArrayConfig & { queryMode: 'extended' } = {
    text: statement.text,
    values: statement.parameters,
    rowMode: 'array',
    // Without parameters pg would use the simple protocol, which runs several statements where Neon refuses them (42601).
    queryMode: 'extended',
  };
  const result = await client.query<Row>(query);
  const fields = result.fields.map((field) => toField(field));
  return {
    fields,
    rows: statement.rowsAsArrays ? result.rows : result.rows.map((row) => toObject(row, fields)),
    command: result.command ?? '',
    rowCount: result.rowCount,
    rowAsArray: statement.rowsAsArrays,
  };
}

function toField(field: pg.FieldDef): Field {
  const { name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier } = field;
  return { name, dataTypeID, tableID, columnID, dataTypeSize, dataTypeModifier, format: 'text' };
}

function toObject(row: Row, fields: readonly Field[]): Record<string, string | null> {
  return Object.fromEntries(fields.map((field, index) => [field.name, row[index] ?? null]));
}
