import { randomUUID } from 'node:crypto';
import pg from 'pg';

export interface DatabasePair {
  readonly sourceUrl: string;
  readonly targetUrl: string;
  readonly source: pg.Client;
  readonly target: pg.Client;
  readonly drop: () => Promise<void>;
}

/** Two empty databases on one server: neither has a table. */
export async function createDatabasePair(serverUrl: string): Promise<DatabasePair> {
  const server = new pg.Client(serverUrl);
  await server.connect();
  const name = randomUUID().replaceAll('-', '');
  const urls = [`source_${name}`, `target_${name}`].map((database) => new URL(`/${database}`, serverUrl).href);
  for (const url of urls) await server.query(`create database ${new URL(url).pathname.slice(1)}`);
  const [sourceUrl = '', targetUrl = ''] = urls;
  const [source, target] = [new pg.Client(sourceUrl), new pg.Client(targetUrl)];
  await Promise.all([source.connect(), target.connect()]);
  const drop = async () => {
    await Promise.all([source.end(), target.end()]);
    for (const url of urls) await server.query(`drop database ${new URL(url).pathname.slice(1)} with (force)`);
    await server.end();
  };
  return { sourceUrl, targetUrl, source, target, drop };
}
