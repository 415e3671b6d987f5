import { expect, test } from 'vitest';
import { describeOutcomes } from './report.ts';
import type { LeadOutcome, RoutedLead } from './send-leads.ts';

function routed(lead: Partial<RoutedLead>): LeadOutcome {
  const decision = { matchLevel: null, parkedReason: null };
  return {
    kind: 'routed',
    lead: { leadId: '1', status: 'assigned', location: null, decision, replayed: false, tookMs: 5, ...lead },
  };
}

test('leads are counted by status, match level and reason, the most frequent first', () => {
  const nearest = { matchLevel: 'nearest', parkedReason: null };
  const text = describeOutcomes([
    routed({ decision: { matchLevel: 'territory', parkedReason: null } }),
    routed({ decision: nearest, replayed: true }),
    routed({ decision: nearest, tookMs: 90 }),
    routed({ status: 'parked', decision: { matchLevel: null, parkedReason: 'no_place' } }),
    { kind: 'failed', externalId: 'demo-1-9', reason: '503 unavailable' },
  ]);
  expect(text).toMatchInlineSnapshot(`
    "  assigned                              3
        by nearest                          2
        by territory                        1
      parked                                1
        no_place                            1
      replayed (known from an earlier run)  1
      failed                                1
      demo-1-9: 503 unavailable
      p50 5 ms, p99 90 ms (development server; not a benchmark)"
  `);
});
