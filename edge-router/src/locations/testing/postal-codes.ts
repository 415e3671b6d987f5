import { packPostalCodes } from '../../../build-scripts/pack-postal-codes.ts';
import { readPostalCodes, type PostalCodes } from '../rules/postal-codes.ts';

let table: PostalCodes | undefined;

/** The real table, packed from the source in memory: no test depends on a built file. Once for a test file. */
export function getPostalCodes(): PostalCodes {
  return (table ??= readPostalCodes(packPostalCodes()));
}
