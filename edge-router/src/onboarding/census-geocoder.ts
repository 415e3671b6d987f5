import { readBodyText } from '../http/body.ts';
import { err, ok, type Result } from '../rules/result.ts';
import { readCensusCsv, writeCensusCsv, type CensusAddress, type CensusAnswer } from './rules/census-csv.ts';

/** The Bureau's own limit of a batch. */
const MAX_CENSUS_BATCH = 10_000;
const BENCHMARK = 'Public_AR_Current';
/** A line of an answer is some 150 bytes. */
const MAX_ANSWER_BYTES_PER_ADDRESS = 2048;

export type CensusFailure = { readonly kind: 'census_unavailable'; readonly reason: string };

/** Answers by the addresses' ids; an address that the answer lacks was not asked. Throws for more than a batch may hold. */
export type GeocodeBatch = (
  addresses: readonly CensusAddress[],
  options: { readonly timeoutMs: number },
) => Promise<Result<ReadonlyMap<string, CensusAnswer>, CensusFailure>>;

/** `baseUrl` has no slash at the end: https://geocoding.geo.census.gov. Free, without a key, and slow: some 100 a second. */
export function createCensusGeocoder({ baseUrl }: { baseUrl: string }): GeocodeBatch {
  return async (addresses, { timeoutMs }) => {
    if (addresses.length === 0) return ok(new Map());
    if (addresses.length > MAX_CENSUS_BATCH) throw new Error(`A batch has at most ${MAX_CENSUS_BATCH} addresses.`);
    try {
      const response = await fetch(`${baseUrl}/geocoder/locations/addressbatch`, {
        method: 'POST',
        body: buildForm(addresses),
        signal: AbortSignal.timeout(timeoutMs),
      });
      if (!response.ok) {
        await response.body?.cancel();
        return fail(`status ${response.status}`);
      }
      const text = await readBodyText(response, addresses.length * MAX_ANSWER_BYTES_PER_ADDRESS);
      const answers = text.ok ? readCensusCsv(text.value) : null;
      return answers ? ok(answers) : fail('answer not understood');
    } catch (error) {
      return fail(error instanceof Error ? error.name : 'unknown');
    }
  };
}

function buildForm(addresses: readonly CensusAddress[]): FormData {
  const form = new FormData();
  form.set('benchmark', BENCHMARK);
  form.set('addressFile', new Blob([writeCensusCsv(addresses)], { type: 'text/csv' }), 'addresses.csv');
  return form;
}

function fail(reason: string): Result<never, CensusFailure> {
  return err({ kind: 'census_unavailable', reason });
}
