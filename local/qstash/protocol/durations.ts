const UPSTASH_UNITS_MS: Readonly<Record<string, number>> = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
const GO_UNITS_MS: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
};

/** Reads `50s`, `10h` or `1d10h30m` as milliseconds; undefined when it is anything else. */
export function parseDurationMs(text: string): number | undefined {
  return /^(\d+[smhd])+$/.test(text) ? sumPartsMs(text, UPSTASH_UNITS_MS) : undefined;
}

/** Reads Go's `time.Duration` text (`6m5s`, `1.5h`, `300ms`) as milliseconds; negative ones are refused. */
export function parseGoDurationMs(text: string): number | undefined {
  return /^(\d+(\.\d+)?(ns|us|µs|ms|s|m|h))+$/.test(text) ? sumPartsMs(text, GO_UNITS_MS) : undefined;
}

function sumPartsMs(text: string, unitsMs: Readonly<Record<string, number>>): number {
  let totalMs = 0;
  for (const [, amount = '', unit = ''] of text.matchAll(/(\d+(?:\.\d+)?)([a-zµ]+)/g)) {
    totalMs += Number(amount) * (unitsMs[unit] ?? 0);
  }
  return totalMs;
}
