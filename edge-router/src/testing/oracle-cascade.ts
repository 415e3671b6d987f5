// Whom a lead's cascade asks, in order, found the slow and plain way: every location measured and held against every
// rule, one after the other. Written apart from the router: it shares no code with it.
export interface CascadeLocation {
  readonly id: string;
  readonly code: string;
  readonly lng: number;
  readonly lat: number;
  readonly timezone: string;
  readonly services: readonly string[];
  readonly active: boolean;
  readonly paused: boolean;
  readonly dailyCap: number | null;
  readonly hours: readonly (readonly (readonly [number, number])[])[] | null;
  readonly holidays: readonly string[];
  readonly conversionRate: number | null;
}

export interface CascadeLead {
  readonly named: string | null;
  readonly sticky: string | null;
  readonly point: { readonly lng: number; readonly lat: number } | null;
  /** The ids of those who own the lead's place, the narrowest territory first. */
  readonly owners: readonly { readonly id: string; readonly exclusive: boolean }[];
  readonly service: string | null;
  readonly score: number;
  readonly atMs: number;
}

export interface CascadeRules {
  readonly radiusMiles: number;
  readonly overflow: { readonly miles: number } | { readonly pool: readonly string[] } | null;
  readonly whenOwnerUnavailable: 'hold' | 'overflow' | 'owner_anyway';
  readonly hoursRequired: boolean;
  readonly score: Readonly<Record<'distance' | 'room' | 'conversion' | 'leadScore', number>> | null;
}

export interface CascadeAnswer {
  readonly id: string;
  readonly level: 'named' | 'sticky' | 'territory' | 'nearest' | 'overflow';
}

const EARTH_RADIUS_MILES = 6371.0088 / 1.609344;

function milesBetween(a: { lng: number; lat: number }, b: { lng: number; lat: number }): number {
  const toVector = ({ lng, lat }: { lng: number; lat: number }): [number, number, number] => {
    const [east, north] = [(lng * Math.PI) / 180, (lat * Math.PI) / 180];
    return [Math.cos(north) * Math.cos(east), Math.cos(north) * Math.sin(east), Math.sin(north)];
  };
  const [[ax, ay, az], [bx, by, bz]] = [toVector(a), toVector(b)];
  const cross = Math.hypot(ay * bz - az * by, az * bx - ax * bz, ax * by - ay * bx);
  return EARTH_RADIUS_MILES * Math.atan2(cross, ax * bx + ay * by + az * bz);
}

const walls = new Map<string, string>();

/** What the clock on the wall shows, kept because asking is slow. */
function readWall(timezone: string, atMs: number): string {
  const key = `${timezone} ${atMs}`;
  const wall = walls.get(key) ?? new Date(atMs).toLocaleString('sv-SE', { timeZone: timezone });
  walls.set(key, wall);
  return wall;
}

function isOpenOnTheWall({ hours, holidays, timezone }: CascadeLocation, atMs: number): boolean {
  const wall = readWall(timezone, atMs);
  const today = wall.slice(0, 10);
  const minutes = Number(wall.slice(11, 13)) * 60 + Number(wall.slice(14, 16));
  const dayBefore = new Date(Date.parse(`${today}T12:00:00Z`) - 86_400_000).toISOString().slice(0, 10);
  const spansOf = (day: string): readonly (readonly [number, number])[] => {
    if (holidays.includes(day)) return [];
    if (hours === null) return [[0, 1440]];
    return hours[(new Date(`${day}T12:00:00Z`).getUTCDay() + 6) % 7] ?? [];
  };
  const isIn = (spans: readonly (readonly [number, number])[], minute: number): boolean =>
    spans.some(([from, to]) => minute >= from && minute < to);
  return isIn(spansOf(today), minutes) || isIn(spansOf(dayBefore), minutes + 1440);
}

/** Everybody who may be asked, in the order of the cascade; `used` is the count of seats taken today. */
export function askCascade(
  locations: readonly CascadeLocation[],
  { lead, rules, used }: { lead: CascadeLead; rules: CascadeRules; used: (id: string) => number | null },
): CascadeAnswer[] {
  const answers: CascadeAnswer[] = [];
  const considered = new Set<string>();
  const suits = (location: CascadeLocation, anyway = false): boolean =>
    location.active &&
    !location.paused &&
    (lead.service === null || location.services.length === 0 || location.services.includes(lead.service)) &&
    (anyway || !rules.hoursRequired || isOpenOnTheWall(location, lead.atMs));
  const exclusive = lead.owners.find((owner) => owner.exclusive);
  const ask = (location: CascadeLocation | undefined, level: CascadeAnswer['level']): void => {
    if (!location || considered.has(location.id)) return;
    considered.add(location.id);
    if (suits(location, rules.whenOwnerUnavailable === 'owner_anyway' && location.id === exclusive?.id))
      answers.push({ id: location.id, level });
  };
  const milesTo = (location: CascadeLocation): number | null => lead.point && milesBetween(lead.point, location);
  const order = (level: readonly CascadeLocation[]): CascadeLocation[] => {
    const rates = level.flatMap(({ conversionRate }) => (conversionRate === null ? [] : [conversionRate]));
    const mean = rates.length === 0 ? 0.5 : rates.reduce((a, b) => a + b, 0) / rates.length;
    const worth = (location: CascadeLocation): number => {
      if (!rules.score) return 0;
      const miles = milesTo(location);
      const near = miles === null ? 0 : Math.max(0, 1 - miles / rules.radiusMiles);
      const cap = location.dailyCap;
      const room = cap === null ? 1 : cap === 0 ? 0 : Math.max(0, (cap - (used(location.id) ?? 0)) / cap);
      const rate = location.conversionRate ?? mean;
      const { distance, room: roomWeight, conversion, leadScore } = rules.score;
      const good = Math.min(lead.score, 100) / 100;
      return distance * near + roomWeight * room + conversion * rate + leadScore * good * rate;
    };
    return level.toSorted((a, b) => {
      const byWorth = worth(b) - worth(a);
      if (Math.abs(byWorth) > 1e-9) return byWorth;
      const byMiles = (milesTo(a) ?? 0) - (milesTo(b) ?? 0);
      return Math.abs(byMiles) > 1e-7 ? byMiles : a.id < b.id ? -1 : 1;
    });
  };
  const fresh = (): CascadeLocation[] => locations.filter((each) => !considered.has(each.id) && suits(each));
  const within = (miles: number): CascadeLocation[] => fresh().filter((each) => (milesTo(each) ?? Infinity) <= miles);
  const askPool = (codes: readonly string[]): void => {
    const members = codes.flatMap((code) => fresh().filter((each) => each.code === code));
    const listed = !rules.score && lead.point === null ? members : order(members);
    for (const member of listed) ask(member, 'overflow');
  };
  const askBeyond = (): void => {
    if (!rules.overflow) return;
    if ('pool' in rules.overflow) return askPool(rules.overflow.pool);
    const beyond = within(rules.overflow.miles).toSorted(
      (a, b) => (milesTo(a) ?? 0) - (milesTo(b) ?? 0) || (a.id < b.id ? -1 : 1),
    );
    for (const each of beyond) ask(each, 'overflow');
  };

  ask(
    locations.find(({ code }) => code === lead.named),
    'named',
  );
  ask(
    locations.find(({ id }) => id === lead.sticky),
    'sticky',
  );
  for (const owner of lead.owners) {
    const location = locations.find(({ id }) => id === owner.id);
    ask(location, 'territory');
    if (!owner.exclusive) continue;
    if (rules.whenOwnerUnavailable !== 'overflow' || !rules.overflow) return answers;
    if ('pool' in rules.overflow) askPool(rules.overflow.pool);
    else if (lead.point) {
      for (const each of order(within(Math.max(rules.radiusMiles, rules.overflow.miles)))) ask(each, 'overflow');
    }
    return answers;
  }
  if (lead.point) for (const each of order(within(rules.radiusMiles))) ask(each, 'nearest');
  askBeyond();
  return answers;
}
