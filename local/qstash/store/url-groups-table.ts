import type { DatabaseSync } from 'node:sqlite';
import { readNumber, readStringMap, readText, type Row } from './columns.ts';

export type Endpoint = { readonly url: string; readonly name?: string | undefined };

export type UrlGroup = {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  /** Publish headers that hold for every message to the group unless the message says otherwise. */
  readonly headers: Readonly<Record<string, string>>;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

/** URL groups; the API calls them topics. */
export function createUrlGroupsTable(database: DatabaseSync) {
  const selectOne = database.prepare('SELECT * FROM url_groups WHERE name = ?');
  const selectAll = database.prepare('SELECT * FROM url_groups ORDER BY name');
  const upsertRow = database.prepare(
    `INSERT INTO url_groups (name, endpoints, headers, created_at, updated_at) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (name) DO UPDATE SET
       endpoints = excluded.endpoints, headers = excluded.headers, updated_at = excluded.updated_at`,
  );
  const deleteRow = database.prepare('DELETE FROM url_groups WHERE name = ?');

  return {
    find(name: string): UrlGroup | undefined {
      const row = selectOne.get(name);
      return row === undefined ? undefined : toUrlGroup(row);
    },
    list: (): UrlGroup[] => selectAll.all().map(toUrlGroup),
    put({ name, endpoints, headers, createdAtMs, updatedAtMs }: UrlGroup): void {
      upsertRow.run(name, JSON.stringify(endpoints), JSON.stringify(headers), createdAtMs, updatedAtMs);
    },
    remove: (name: string): boolean => deleteRow.run(name).changes === 1,
  };
}

function toUrlGroup(row: Row): UrlGroup {
  return {
    name: readText(row, 'name'),
    endpoints: JSON.parse(readText(row, 'endpoints')) as Endpoint[],
    headers: readStringMap(row, 'headers'),
    createdAtMs: readNumber(row, 'created_at'),
    updatedAtMs: readNumber(row, 'updated_at'),
  };
}
