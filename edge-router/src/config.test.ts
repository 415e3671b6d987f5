import { describe, expect, it } from 'vitest';
import { parseConfig } from './config.ts';

const complete = {
  DATABASE_URL: 'postgres://user:secret@db.example.com/app',
  NEON_FETCH_ENDPOINT: '',
  PERSON_HASH_KEY: 'x'.repeat(32),
  EVENT_SIGNING_KEY: 'y'.repeat(32),
  PUBLIC_URL: 'https://router.example.com',
  QSTASH_CURRENT_SIGNING_KEY: 'sig_current',
  QSTASH_NEXT_SIGNING_KEY: 'sig_next_one',
  QSTASH_TOKEN: 'token',
  QSTASH_URL: 'https://qstash.example.com',
  UPSTASH_REDIS_REST_TOKEN: 'token',
  UPSTASH_REDIS_REST_URL: 'https://redis.example.com',
};

describe('the configuration', () => {
  it('is read whole, and without an endpoint of its own the database driver finds Neon’s', () => {
    const config = parseConfig(complete);
    expect(config).toMatchObject({
      ok: true,
      value: { publicUrl: complete.PUBLIC_URL, database: { url: complete.DATABASE_URL, fetchEndpoint: null } },
    });
  });

  it.each(Object.keys(complete).filter((name) => name !== 'NEON_FETCH_ENDPOINT'))(
    'is refused without %s, which it names',
    (name) => {
      const { [name as keyof typeof complete]: _left, ...rest } = complete;
      const config = parseConfig(rest);
      expect(config.ok ? [] : config.error.map((line) => line.split(':')[0])).toEqual([name]);
    },
  );

  it('may name a replica for reports', () => {
    const readReplica = (given: Record<string, string>): unknown => {
      const config = parseConfig({ ...complete, ...given });
      return config.ok ? config.value.database.replicaUrl : config.error;
    };
    expect(readReplica({})).toBeNull();
    expect(readReplica({ DATABASE_REPLICA_URL: '' })).toBeNull();
    const url = 'postgres://user:secret@replica.example.com/app';
    expect(readReplica({ DATABASE_REPLICA_URL: url })).toBe(url);
    expect(String(readReplica({ DATABASE_REPLICA_URL: 'replica' }))).toContain('DATABASE_REPLICA_URL');
  });

  const highlevel = {
    HIGHLEVEL_COMPANY_ID: 'company-1',
    HIGHLEVEL_APP_ID: 'app-1',
    HIGHLEVEL_CLIENT_ID: 'app-1-client',
    HIGHLEVEL_CLIENT_SECRET: 'a-client-secret',
    HIGHLEVEL_AGENCY_TOKEN: 'pit-a-secret-token',
    HIGHLEVEL_TOKEN_KEY: 'z'.repeat(32),
  };

  it('may leave HighLevel out, or has all of it, with the addresses and the key that HighLevel publishes', () => {
    expect(parseConfig({ ...complete, HIGHLEVEL_COMPANY_ID: '' })).toMatchObject({
      ok: true,
      value: { highlevel: null },
    });
    expect(parseConfig({ ...complete, ...highlevel })).toMatchObject({
      ok: true,
      value: {
        highlevel: {
          companyId: 'company-1',
          baseUrl: 'https://services.leadconnectorhq.com',
          webhookPublicKeys: [expect.stringMatching(/^MCowBQYDK2VwAyEA/)],
        },
      },
    });
  });

  it.each(Object.keys(highlevel).filter((name) => name !== 'HIGHLEVEL_COMPANY_ID'))(
    'with a company is refused without %s, which it names',
    (name) => {
      const { [name as keyof typeof highlevel]: _left, ...rest } = highlevel;
      const config = parseConfig({ ...complete, ...rest });
      expect(config.ok ? [] : config.error.map((line) => line.split(':')[0])).toEqual([name]);
    },
  );

  it('takes webhook keys as they are published, in PEM, and several of them', () => {
    const key = 'MCowBQYDK2VwAyEAi2HR1srL4o18O8BRa7gVJY7G7bupbN3H9AwJrHCDiOg=';
    const pem = `-----BEGIN PUBLIC KEY-----\n${key}\n-----END PUBLIC KEY-----\n`;
    for (const [given, count] of [
      [key, 1],
      [pem, 1],
      [`${key},${key}`, 2],
      [`${pem}${pem}`, 2],
    ] as const) {
      const config = parseConfig({ ...complete, ...highlevel, HIGHLEVEL_WEBHOOK_PUBLIC_KEYS: given });
      expect(config.ok && config.value.highlevel?.webhookPublicKeys).toEqual(Array.from({ length: count }, () => key));
    }
    const rsa = parseConfig({ ...complete, ...highlevel, HIGHLEVEL_WEBHOOK_PUBLIC_KEYS: 'MIICIjANBgkqhkiG9w0BAQE=' });
    expect(JSON.stringify(rsa)).toContain('HIGHLEVEL_WEBHOOK_PUBLIC_KEYS');
  });

  it.each([
    ['PERSON_HASH_KEY', 'short-but-secret'],
    ['PUBLIC_URL', 'https://router.example.com/'],
    ['DATABASE_URL', 'mysql://user:secret@db.example.com/app'],
    ['UPSTASH_REDIS_REST_URL', 'redis://secret@redis.example.com'],
  ])('is refused with a malformed %s, and does not repeat its value', (name, value) => {
    const config = parseConfig({ ...complete, [name]: value });
    expect(config.ok).toBe(false);
    expect(JSON.stringify(config)).toContain(name);
    expect(JSON.stringify(config)).not.toContain('secret');
  });
});
