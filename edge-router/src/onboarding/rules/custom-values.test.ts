import { describe, expect, it } from 'vitest';
import { planRow } from '../testing/otterbrook.ts';
import {
  compareCustomValues,
  fillTemplate,
  findUnknownPlaceholders,
  isSecretTemplate,
  toCustomValueKey,
  toCustomValueName,
} from './custom-values.ts';

const facts = {
  locationId: 'l',
  ghlLocationId: 'g',
  leadWebhookUrl: 'https://x.example/l',
  leadWebhookSecret: 'secret',
};

describe('templates', () => {
  it.each([
    ['{name}', 'Otterbrook Plumbing Birmingham'],
    ['Call {phone}', 'Call +12055550100'],
    ['{fullAddress}', '100 Harbor Street, Birmingham, AL 35233'],
    ['{website}', ''],
    ['{leadWebhookUrl}?of={locationId}', 'https://x.example/l?of=l'],
    ['{{contact.name}} {name}', '{{contact.name}} Otterbrook Plumbing Birmingham'],
  ])('%s is %s', (template, text) => {
    expect(fillTemplate(template, planRow(), facts)).toBe(text);
  });

  it('tell what they name and there is not', () => {
    expect(findUnknownPlaceholders('{name} {nmae} {toString}')).toEqual(['nmae', 'toString']);
    expect(isSecretTemplate('x {leadWebhookSecret}')).toBe(true);
    expect(isSecretTemplate('{leadWebhookUrl}')).toBe(false);
  });
});

describe('comparing', () => {
  const stored = (name: string, value: string) => ({ id: name, name, fieldKey: `{{ custom_values.${name} }}`, value });

  it('names what differs and what is not there, and leaves the rest alone', () => {
    const wanted = { location_phone: '1', location_name: 'One', review_link: '', brand: 'B' };
    const found = [stored('location_phone', '2'), stored('location_name', 'One'), stored('other', 'x')];
    expect(compareCustomValues(wanted, found)).toEqual([
      { key: 'location_phone', value: '1', stored: found[0] },
      { key: 'brand', value: 'B', stored: null },
    ]);
  });

  it('knows keys as HighLevel writes them, and the names that make them', () => {
    expect(toCustomValueKey('{{custom_values.Location_Phone}}')).toBe('location_phone');
    expect(toCustomValueName('location_phone')).toBe('Location Phone');
  });
});
