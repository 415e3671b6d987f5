import type { AppDeps } from '../deps.ts';
import type { ReportReader } from './report-reader.ts';

export type ReportDeps = Pick<AppDeps, 'database' | 'qstash' | 'config' | 'log' | 'newId'> & {
  readonly reports: ReportReader;
};
