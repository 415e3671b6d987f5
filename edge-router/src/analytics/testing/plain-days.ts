import type pg from 'pg';
import type * as z from 'zod';
import type { locationDaySchema } from '../shown-report.ts';
import type { FarLocation } from './far-locations.ts';
import { localDay, readLeads, type PlainLead } from './plain-leads.ts';

export type LocationDay = z.output<typeof locationDaySchema>;
type PlainDay = Omit<LocationDay, 'location'> & { readonly locationId: string };

interface Span {
  readonly from: string;
  readonly to: string;
  readonly locations: readonly FarLocation[];
}

/** Counted lead by lead, by location and day; days without leads and seats are left out. */
export async function countDaysPlainly(pool: pg.Pool, { from, to, locations }: Span): Promise<PlainDay[]> {
  const leads = await readLeads(pool);
  const { rows: seats } = await pool.query<{ id: string; day: string; used: number; cap: number | null }>(
    'select location_id as id, day::text, used, daily_cap as cap from location_capacity',
  );
  return locations.flatMap(({ id, timezone }) => {
    const own = Map.groupBy(
      leads.filter(({ status, locationId }) => status === 'assigned' && locationId === id),
      ({ createdMs }) => localDay(createdMs, timezone),
    );
    const ownSeats = new Map(seats.flatMap((seat) => (seat.id === id ? [[seat.day, seat]] : [])));
    const days = [...new Set([...own.keys(), ...ownSeats.keys()])].filter((day) => day >= from && day <= to);
    return days.toSorted().map((day) =>
      countDay({
        locationId: id,
        day,
        leads: own.get(day) ?? [],
        used: ownSeats.get(day)?.used ?? null,
        cap: ownSeats.get(day)?.cap ?? null,
      }),
    );
  });
}

function countDay(given: {
  locationId: string;
  day: string;
  leads: readonly PlainLead[];
  used: number | null;
  cap: number | null;
}): PlainDay {
  const { locationId, day, leads, used, cap } = given;
  const responses = leads
    .flatMap(({ contactedMs, deliveredMs, createdMs }) =>
      contactedMs === null ? [] : [Math.max(0, contactedMs - (deliveredMs ?? createdMs)) / 1000],
    )
    .toSorted((a, b) => a - b);
  const [low = 0, high = 0] = [(responses.length - 1) / 2, responses.length / 2].map(
    (place) => responses[Math.floor(place)],
  );
  const won = leads.filter(({ stage }) => stage === 'won').length;
  return {
    locationId,
    day,
    leads: leads.length,
    bySource: countBy(leads.map(({ source }) => source)),
    byMatchLevel: countBy(leads.map(({ matchLevel }) => matchLevel ?? 'unknown')),
    delivered: leads.filter(({ deliveredMs }) => deliveredMs !== null).length,
    contacted: responses.length,
    won,
    lost: leads.filter(({ stage }) => stage === 'lost').length,
    response: {
      leads: responses.length,
      medianSeconds: responses.length === 0 ? null : Math.round((low + high) / 2),
      averageSeconds:
        responses.length === 0 ? null : Math.round(responses.reduce((sum, each) => sum + each, 0) / responses.length),
    },
    used,
    dailyCap: cap,
    conversionRate: leads.length === 0 ? null : Number((won / leads.length).toFixed(4)),
    utilisation: used === null || cap === null || cap === 0 ? null : Number((used / cap).toFixed(4)),
  };
}

function countBy(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}

/** As `countDaysPlainly` has it: without names, seconds as whole ones. */
export function toPlainDay({ location, response, ...day }: LocationDay): PlainDay {
  const whole = (seconds: number | null): number | null => (seconds === null ? null : Math.round(seconds));
  return {
    ...day,
    locationId: location.id,
    response: {
      leads: response.leads,
      medianSeconds: whole(response.medianSeconds),
      averageSeconds: whole(response.averageSeconds),
    },
  };
}

/** Leads of these locations between two moments, every other one delivered and contacted after some time. */
export function scatterLeads(
  locations: readonly FarLocation[],
  { fromMs, toMs, count }: { fromMs: number; toMs: number; count: number },
): PlainLead[] {
  const stages = [null, 'delivered', 'contacted', 'won', 'lost'] as const;
  const levels = ['nearest', 'territory', 'sticky', null];
  return Array.from({ length: count }, (_, index) => {
    const createdMs = Math.floor(fromMs + ((toMs - fromMs) * ((index * 7919) % count)) / count);
    const isParked = index % 11 === 0;
    const stage = isParked ? null : (stages[index % 5] ?? null);
    const deliveredMs = stage === null || index % 3 === 0 ? null : createdMs + (index % 90) * 1000;
    return {
      locationId: isParked ? null : (locations[index % locations.length]?.id ?? null),
      createdMs,
      status: isParked ? 'parked' : 'assigned',
      source: `source-${index % 3}`,
      matchLevel: levels[index % 4] ?? null,
      stage,
      deliveredMs,
      // Some were called before they came into the sub-account.
      contactedMs: stage === null || stage === 'delivered' ? null : createdMs + (index % 140) * 1000,
    };
  });
}
