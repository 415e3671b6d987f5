import pg from 'pg';

/** An expected failure: its one line is all that a person needs. What was done stays, and the next start goes on. */
export class Refusal extends Error {}

const GO_ON = 'Nothing that was moved is lost: start again to go on.';
const LOST_CODES = new Set(['08000', '08003', '08006', '57P01', '57P02', '57P03']);
/** A password, a user, or a database that is not there. */
const REFUSED_CODES = new Set(['28P01', '28000', '3D000']);
const LOST_ERRNOS = new Set(['ECONNREFUSED', 'ECONNRESET', 'EPIPE', 'ETIMEDOUT', 'ENOTFOUND', 'EHOSTUNREACH']);

/** The one line for what went wrong. Never a value of a row: messages of database clients may quote them. */
export function describeFailure(error: unknown): string {
  if (error instanceof Refusal) return error.message;
  if (error instanceof AggregateError) return describeFailure(error.errors[0]);
  const code = codeOf(error);
  if (code === '53100' || code === 'ENOSPC') return `A disk is full (${code}). Make room. ${GO_ON}`;
  if (code === '55P03') return `A table was locked by somebody else for too long. ${GO_ON}`;
  if (code === '22P05' || code === '22021')
    return `A text of the source cannot be stored: it is not UTF-8, or JSON with a null character (${code}). Put it right there. ${GO_ON}`;
  if (code !== undefined && REFUSED_CODES.has(code))
    return `A database did not let us in (${code}): look at the user, the password and the name in its URL.`;
  if (isLost(error, code)) return `A database connection was lost or refused (${code ?? 'ended'}). ${GO_ON}`;
  if (error instanceof pg.DatabaseError) {
    const where = [error.schema, error.table, error.column, error.constraint].filter(Boolean).join('.');
    return `A database refused a statement (${code ?? 'no code'}${where ? `, ${where}` : ''}). ${GO_ON}`;
  }
  return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function isLost(error: unknown, code: string | undefined): boolean {
  if (code !== undefined) return LOST_CODES.has(code) || LOST_ERRNOS.has(code);
  return (
    error instanceof Error && /connection (terminated|ended|timeout)|not queryable|timeout expired/i.test(error.message)
  );
}
