import { sql } from 'drizzle-orm';
import * as z from 'zod';

/** A whole location as the API answers it. */
export const locationRowSchema = z.object({
  id: z.string(),
  name: z.string(),
  franchiseCode: z.string(),
  ghlLocationId: z.string().nullable(),
  active: z.boolean(),
  paused: z.boolean(),
  coordinates: z.object({ lng: z.number(), lat: z.number() }).nullable(),
  geoConfidence: z.string().nullable(),
  address: z.string().nullable(),
  city: z.string().nullable(),
  state: z.string().nullable(),
  postalCode: z.string().nullable(),
  country: z.string(),
  phone: z.string().nullable(),
  email: z.string().nullable(),
  website: z.string().nullable(),
  timezone: z.string(),
  dailyCap: z.number().nullable(),
  region: z.string().nullable(),
  openingDate: z.string().nullable(),
  managerName: z.string().nullable(),
  managerEmail: z.string().nullable(),
  services: z.array(z.string()),
  hours: z.array(z.array(z.tuple([z.number(), z.number()]))).nullable(),
  holidays: z.array(z.string()),
  conversionRate: z.number().nullable(),
  createdAt: z.string(),
  updatedAt: z.string(),
});

export type LocationRow = z.output<typeof locationRowSchema>;

/** The select list that `locationRowSchema` parses, over `locations l`. */
export const locationColumns = sql.raw(`jsonb_build_object(
  'id', l.id, 'name', l.name, 'franchiseCode', l.franchise_code, 'ghlLocationId', l.ghl_location_id,
  'active', l.active, 'paused', l.paused,
  'coordinates', case when l.lng is null then null else jsonb_build_object('lng', l.lng, 'lat', l.lat) end,
  'geoConfidence', l.geo_confidence, 'address', l.address, 'city', l.city, 'state', l.state,
  'postalCode', l.postal_code, 'country', l.country, 'phone', l.phone, 'email', l.email, 'website', l.website,
  'timezone', l.timezone, 'dailyCap', l.daily_cap, 'region', l.region, 'openingDate', l.opening_date,
  'managerName', l.manager_name, 'managerEmail', l.manager_email, 'services', l.services,
  'hours', l.hours, 'holidays', l.holidays, 'conversionRate', l.conversion_rate,
  'createdAt', l.created_at, 'updatedAt', l.updated_at) as location`);
