import { personKeyInputs } from '../../edge-router/src/leads/rules/normalise.ts';
import type { Run } from './run.ts';
import { createStage, MERGE_PERSONS } from './stages.ts';

export interface Person {
  readonly email: string | null;
  readonly phone: string | null;
}

/** Whose leads these are, as we have them. */
export async function readPersons({ target }: Run, oldIds: readonly string[]): Promise<Person[]> {
  const { rows } = await target.query<Person>(
    `select distinct l.email, l.phone from old_ids o join leads l on l.id = o.id and l.created_at = uuid_extract_timestamp(o.id)
     where o.kind = 'lead' and o.old_id = any ($1::text[])`,
    [oldIds],
  );
  return rows;
}

interface PersonLead extends Person {
  readonly id: string;
  readonly at: string;
  readonly location: string | null;
}

/** What other leads tell of persons of whom one is gone. No index leads from a person to leads: for the few that are deleted during a move. */
export async function remakePersons({ target, lead }: Run, persons: readonly Person[]): Promise<void> {
  const { rows } = await target.query<PersonLead>(
    `select id, created_at::text as at, location_id as location, email, phone from leads
     where email = any ($1::text[]) or phone = any ($2::text[])`,
    [persons.map(({ email }) => email), persons.map(({ phone }) => phone)],
  );
  await target.query(createStage('leads'));
  await target.query('delete from stage_leads');
  await target.query(
    `insert into stage_leads (id, created_at, location_id, hashes)
     select id, at, location, hashes::text[] from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::text[]) as l (id, at, location, hashes)`,
    [
      rows.map(({ id }) => id),
      rows.map(({ at }) => at),
      rows.map(({ location }) => location),
      rows.map(
        (row) =>
          `{${personKeyInputs(row)
            .map((text) => lead.hashPerson(text))
            .join(',')}}`,
      ),
    ],
  );
  await target.query(MERGE_PERSONS);
}
