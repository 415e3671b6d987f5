import * as z from 'zod';
import type { Database } from '../database.ts';
import { assignLeadAnswerSchema, toAssignBody, type AssignLeadAnswer, type AssignLeadRequest } from './assign-lead.ts';
import { repeatAssignment } from './repeat-assignment.ts';

/** More in one call would keep others waiting for its locks. */
export const MAX_LEADS_PER_CALL = 500;

const answersSchema = z.array(assignLeadAnswerSchema);

/**
 * Assigns 1 to 500 leads in one round trip and one transaction (the SQL function `assign_leads`), each as `assignLead`
 * would, in their order: what a lead writes, those after it see. @returns one answer per request, in the same order
 * Throws DatabaseError when Postgres stays away, or when a request is malformed; then none is written.
 */
export function assignLeads(
  database: Database,
  requests: readonly AssignLeadRequest[],
): Promise<readonly AssignLeadAnswer[]> {
  return repeatAssignment(async (mayBeRepeated) => {
    const body = JSON.stringify(requests.map((request) => toAssignBody(request, mayBeRepeated)));
    return answersSchema.parse(await database.askJson('select assign_leads($1::jsonb)', body));
  });
}
