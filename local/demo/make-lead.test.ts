import { expect, test } from 'vitest';
import { leadInputSchema } from '../../edge-router/src/leads/intake.ts';
import { makeLead } from './make-lead.ts';
import { readPlaces } from './places.ts';

const COUNT = 4000;

const places = readPlaces();
const leads = Array.from({ length: COUNT }, (_, number) => makeLead({ seed: 7, number }, places));

test('every lead is one that the router accepts', () => {
  const refused = leads.filter((lead) => !leadInputSchema.safeParse(lead).success);
  expect(refused).toEqual([]);
});

test('the same seed and number make the same lead, another seed another one', () => {
  expect(makeLead({ seed: 7, number: 123 }, readPlaces())).toEqual(leads[123]);
  expect(makeLead({ seed: 8, number: 123 }, places)).not.toEqual(leads[123]);
});

test('nobody real can be reached: e-mails and phones are those reserved for examples', () => {
  for (const { email, phone } of leads) {
    expect(email).toMatch(/^[a-z0-9.]+@example\.com$/);
    expect(phone ?? '(201) 555-0100').toMatch(/^\(\d{3}\) 555-01\d{2}$/);
  }
});

test('the rare kinds occur in about their shares', () => {
  const shareOf = (isKind: (lead: (typeof leads)[number]) => boolean) => leads.filter(isKind).length / COUNT;
  expect(shareOf(({ country }) => country === undefined)).toBeCloseTo(0.01, 1.5);
  expect(shareOf(({ country }) => country === 'CA')).toBeCloseTo(0.02, 1.5);
  expect(shareOf(({ postalCode, city }) => postalCode !== undefined && city === undefined)).toBeCloseTo(0.01, 1.5);
  expect(shareOf(({ service }) => service !== undefined)).toBeCloseTo(0.3, 1.5);
  expect(1 - new Set(leads.map(({ email }) => email)).size / COUNT).toBeCloseTo(0.02, 1.5);
});
