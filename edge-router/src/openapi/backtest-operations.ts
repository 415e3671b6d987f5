import { backtestMoveSchema } from '../../../db/queries/list-backtest-moves.ts';
import {
  backtestBodySchema,
  backtestFileQuerySchema,
  backtestLocationsQuerySchema,
  backtestMovesQuerySchema,
  backtestsQuerySchema,
} from '../backtests/routes.ts';
import { foundBacktestSchema, locationTotalsSchema, shownBacktestSchema } from '../backtests/shown-backtest.ts';
import { rowsSchema } from '../http/table-body.ts';
import type { Operation } from './operation.ts';
import { pageOf } from './page-of.ts';

const tag = 'Backtests';
const parameters = { id: 'the backtest’s id' };
const begun = { 202: { description: 'the backtest, which goes on', schema: shownBacktestSchema } };
const CSV = 'Created At,Postal Code,Service,Source\n2026-03-31T14:05:00Z,02134,leak-repair,website\n';

export const backtestOperations: readonly Operation[] = [
  {
    method: 'post',
    path: '/v1/backtests',
    tag,
    summary: 'Route past leads again by other rules or territories, on paper',
    description:
      'Changes no lead. Both sides are routed in the order of the leads’ times, with the locations, caps and hours as they are now, ' +
      'seats counted on each location’s own days, and turns and persons that begin with the backtest. A lead that is stored as a ' +
      'duplicate stays one; a lead that nobody can take stays parked. At most 1,000,000 leads.',
    scope: 'rules:write',
    body: { schema: backtestBodySchema, example: { from: '2026-01-01T00:00:00Z', rules: 1 } },
    answers: begun,
    problems: ['conflict'],
  },
  {
    method: 'post',
    path: '/v1/backtests/upload',
    tag,
    summary: 'The same with the leads of a file',
    description:
      'A CSV or JSON rows, up to 50,000: Created At (now when blank), Source, Postal Code, City, State, Lng, Lat, Service, Score, ' +
      'Location, and Person, any text that is the same for the same person; it is hashed before it is stored. Other columns are left alone.',
    scope: 'rules:write',
    query: backtestFileQuerySchema,
    body: { schema: rowsSchema, example: [{ postalCode: '02134', service: 'leak-repair' }], csv: CSV },
    answers: begun,
    problems: ['conflict'],
  },
  {
    method: 'get',
    path: '/v1/backtests',
    tag,
    summary: 'List backtests, the newest first',
    scope: 'rules:read',
    query: backtestsQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(shownBacktestSchema) } },
  },
  {
    method: 'get',
    path: '/v1/backtests/:id',
    tag,
    summary: 'How far a backtest is, and its totals side by side',
    scope: 'rules:read',
    parameters,
    answers: { 200: { description: 'the backtest', schema: foundBacktestSchema } },
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/v1/backtests/:id/locations',
    tag,
    summary: 'Its totals of each location, the largest change first',
    scope: 'rules:read',
    parameters,
    query: backtestLocationsQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(locationTotalsSchema) } },
    problems: ['not_found'],
  },
  {
    method: 'get',
    path: '/v1/backtests/:id/moves',
    tag,
    summary: 'The leads that go to somebody else, in the order of their times',
    scope: 'rules:read',
    parameters,
    query: backtestMovesQuerySchema,
    answers: { 200: { description: 'a page', schema: pageOf(backtestMoveSchema) } },
    problems: ['not_found'],
  },
  {
    method: 'post',
    path: '/v1/backtests/:id/cancel',
    tag,
    summary: 'Stop a backtest',
    scope: 'rules:write',
    parameters,
    answers: { 200: { description: 'the backtest', schema: shownBacktestSchema } },
    problems: ['not_found'],
  },
  {
    method: 'delete',
    path: '/v1/backtests/:id',
    tag,
    summary: 'Delete a backtest; one that runs is stopped',
    description: 'After 30 days they go by themselves.',
    scope: 'rules:write',
    parameters,
    answers: { 204: { description: 'it is gone' } },
    problems: ['not_found'],
  },
];
