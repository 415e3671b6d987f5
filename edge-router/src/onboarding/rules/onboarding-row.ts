import * as z from 'zod';

const text = z.string();
const optionalText = text.nullable();

/**
 * One location to bring on, cleaned and whole: what a plan stores for each row, and what every step of a run reads. Nothing
 * in it is a spreadsheet's any more: texts are plain and single-line, blank is null, codes are codes.
 */
export const onboardingRowSchema = z.object({
  rowKey: text.describe('the location’s identity in every plan, batch and run: see toRowKey'),
  name: text,
  franchiseCode: text.describe('as the file spells it; a row without one has its row key here'),
  address: text,
  city: text,
  state: text.describe('code of the state or province'),
  postalCode: text.describe('as it is written: 02134, K1A 0B1'),
  country: z.enum(['US', 'CA']),
  geoRegion: z.enum(['northeast', 'midwest', 'south', 'west', 'territories', 'canada']),
  coordinates: z.object({ lng: z.number(), lat: z.number() }),
  geoConfidence: z
    .enum(['rooftop', 'zip', 'city', 'state'])
    .describe('how well the point is known: rooftop for the file’s own coordinates and for a geocoded address'),
  phone: optionalText.describe('E.164'),
  email: optionalText.describe('the location’s own, which several may share; never the key of a sub-account'),
  website: optionalText,
  timezone: text.describe('IANA; one that the state uses'),
  timezoneSource: z.enum(['given', 'place']).describe('from the file or what is stored, or found by the place'),
  dailyCap: z.int().nullable().describe('leads a day; null is no limit'),
  region: optionalText.describe('the brand’s own word'),
  openingDate: optionalText.describe('YYYY-MM-DD'),
  managerName: optionalText,
  managerEmail: optionalText,
  services: z.array(text).describe('lower-case words joined by dashes; none is all'),
  ghlLocationId: optionalText.describe('an existing sub-account to adopt; null: the one it has, else a new one'),
  hours: z
    .array(z.array(z.tuple([z.int(), z.int()])))
    .nullable()
    .describe('Monday first, [opens, closes] in minutes; null leaves what is stored'),
  holidays: z.array(text).nullable().describe('YYYY-MM-DD; null leaves what is stored'),
  conversionRate: z.number().nullable().describe('a share from 0 to 1; null leaves what is stored'),
});

export type OnboardingRow = z.output<typeof onboardingRowSchema>;
