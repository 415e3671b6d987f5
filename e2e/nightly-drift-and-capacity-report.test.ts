import { beforeAll, expect, test } from 'vitest';
import { waitForExecution } from './testing/execution.ts';
import { runByHand } from './testing/n8n.ts';
import { provideActiveLocations } from './testing/provide-locations.ts';
import { WORKFLOWS } from './testing/workflows.ts';

beforeAll(async () => {
  await provideActiveLocations();
});

test('the report looks at every location and names what is wrong with it', async () => {
  const execution = await waitForExecution(await runByHand(WORKFLOWS.nightlyReport, 'Run Now'));
  expect([execution.status, execution.error]).toEqual(['success', undefined]);
  const looked = execution.items('Say What Differs');
  expect(looked).toHaveLength(execution.items('Get All Locations').length);
  const capless = looked.filter((item) => item['Daily Cap'] === 'none');
  for (const { Findings } of capless) expect(Findings).toContain('no cap');
  expect(execution.items('Only Here')).toMatchObject([
    { text: `${looked.length} locations, ${execution.items('With Findings').length} with findings.` },
  ]);
});
