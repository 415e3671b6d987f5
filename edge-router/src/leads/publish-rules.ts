import { findRules } from '../../../db/queries/find-rules.ts';
import { publishRules } from '../../../db/queries/publish-rules.ts';
import type { RulesRow } from '../../../db/queries/rules-row.ts';
import type { AppDeps } from '../deps.ts';
import { invalidInput, parseInput } from '../http/body.ts';
import type { ApiError } from '../http/problem.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { rulesDocumentSchema } from './rules/routing-rules.ts';

export interface PublishRequest {
  readonly version: number;
  /** ISO 8601; undefined is now. */
  readonly effectiveAt: string | undefined;
}

/**
 * Publishes a draft. A version that is published already is answered as it is, unless another time was asked for.
 * @returns `not_found`, `invalid_input` for a time gone by or a document that is no rules, or `conflict`
 */
export async function publishDraft(
  deps: Pick<AppDeps, 'database' | 'nowMs'>,
  { version, effectiveAt }: PublishRequest,
): Promise<Result<RulesRow, ApiError>> {
  const found = await findRules(deps.database, version);
  if (!found) return err({ kind: 'not_found', what: 'version of the rules' });
  if (found.status === 'published') return answerPublished(found, effectiveAt);
  const document = parseInput(rulesDocumentSchema, found.document);
  if (!document.ok) return document;
  const nowMs = deps.nowMs();
  const effectiveAtMs = effectiveAt === undefined ? nowMs : Date.parse(effectiveAt);
  if (effectiveAtMs < nowMs) {
    const message = 'This time has gone by; leave it out for now.';
    return err(invalidInput([{ field: 'effectiveAt', code: 'in_the_past', message }]));
  }
  const published = await publishRules(deps.database, { version, effectiveAt: new Date(effectiveAtMs).toISOString() });
  if (published) return ok(published);
  const meanwhile = await findRules(deps.database, version);
  return meanwhile ? answerPublished(meanwhile, effectiveAt) : err({ kind: 'not_found', what: 'version of the rules' });
}

function answerPublished(rules: RulesRow, effectiveAt: string | undefined): Result<RulesRow, ApiError> {
  const isSame = effectiveAt === undefined || Date.parse(effectiveAt) === Date.parse(rules.effectiveAt ?? '');
  if (isSame) return ok(rules);
  return err({
    kind: 'conflict',
    detail: `Version ${rules.version} is published for another time, and never changes.`,
  });
}
