import { beforeAll, expect, test } from 'vitest';
import { waitForExecution } from './testing/execution.ts';
import { provideTroubles } from './testing/provide-troubles.ts';
import { runByHand } from './testing/n8n.ts';
import { provideActiveLocations } from './testing/provide-locations.ts';
import { WORKFLOWS } from './testing/workflows.ts';

beforeAll(async () => {
  await provideActiveLocations();
  await provideTroubles();
});

test('the report looks at every location and names what is wrong with it', async () => {
  const execution = await waitForExecution(await runByHand(WORKFLOWS.nightlyReport, 'Run Now'));
  expect([execution.status, execution.error]).toEqual(['success', undefined]);
  const looked = execution.items('Say What Differs');
  expect(looked).toHaveLength(execution.items('Get All Locations').length);
  const capless = looked.filter((item) => item['Daily Cap'] === 'none');
  for (const { Findings } of capless) expect(Findings).toContain('no cap');
  const count = (node: string, field: string): number =>
    execution.items(node).filter((item) => item[field] !== undefined).length;
  expect([count('Parked Leads', 'leadId'), count('Failed Deliveries', 'id')]).toEqual([
    expect.toSatisfy((parked: number) => parked > 0),
    expect.toSatisfy((failed: number) => failed > 0),
  ]);
  const [{ text }] = execution.items('Only Here') as [{ text: string }];
  expect(text).toContain(`${looked.length} locations, ${execution.items('With Findings').length} with findings.`);
  expect(text).toContain(`${count('Parked Leads', 'leadId')} leads of the last 30 days are parked`);
  expect(text).toContain(`${count('Failed Deliveries', 'id')} deliveries failed`);
});
