import type { TestHighlevel } from '../../testing/test-highlevel.ts';
import { PROBE_TAG } from '../rules/probe.ts';
import type { RunClient } from './run-client.ts';

interface Named {
  readonly id: string;
  readonly name: string;
  readonly locationId: string;
  readonly value?: string;
  readonly tags?: readonly string[];
}

/** What of a finished run is not as it should be, at HighLevel and in the ledger. */
export async function findFlaws(test: TestHighlevel, client: RunClient, runId: string): Promise<string[]> {
  const { json: run } = await client.show(runId);
  const exported = await test.sandbox.admin('GET', 'export');
  const flaws: string[] = [];
  const expectOne = (what: string, found: readonly unknown[]): void => {
    if (found.length !== 1) flaws.push(`${found.length} ${what}`);
  };
  const { ghlLocationId, locationId, row } = run;
  const marker = `+${locationId.replaceAll('-', '')}.`;
  expectOne(
    'sub-accounts',
    exported.locations.filter(({ email }: { email?: string }) => email?.includes(marker)),
  );
  const users = exported.users.filter(({ email }: { email: string }) => email === row.managerEmail);
  expectOne('users', users);
  if (users[0] && !users[0].locationIds.includes(ghlLocationId)) flaws.push('the manager has not the sub-account');
  for (const kind of ['calendars', 'workflows', 'pipelines', 'tags', 'custom_values', 'custom_fields']) {
    const own: Named[] = exported[kind].filter((item: Named) => item.locationId === ghlLocationId);
    const template: Named[] = exported[kind].filter(
      (item: Named) => item.locationId === test.sandbox.brandIds.template,
    );
    // The probe's tag stays in the sub-account's list of tags.
    const names = (items: Named[]): string => {
      const kept = items.map(({ name }) => name).filter((name) => name !== PROBE_TAG);
      return kept.toSorted().join('|');
    };
    if (names(own) !== names(template)) flaws.push(`${kind}: ${names(own)}`);
  }
  const values: Named[] = exported.custom_values.filter((item: Named) => item.locationId === ghlLocationId);
  const phone = values.find(({ name }) => name === 'Location Phone');
  if (phone?.value !== row.phone) flaws.push(`the phone is ${phone?.value}`);
  const url = values.find(({ name }) => name === 'Lead Webhook Url');
  if (!url?.value?.endsWith(`/${locationId}`)) flaws.push(`the webhook is ${url?.value}`);
  const probes = (exported.contacts ?? []).filter(
    (contact: Named) => contact.locationId === ghlLocationId && contact.tags?.includes(PROBE_TAG),
  );
  if (probes.length > 0) flaws.push('a probe contact was left');
  if (run.status !== 'completed') flaws.push(`the run is ${run.status}`);
  if (!run.active) flaws.push('the location is not active');
  for (const { step, status } of run.steps) if (status !== 'succeeded') flaws.push(`${step} is ${status}`);
  return flaws;
}
