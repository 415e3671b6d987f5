import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { eventually } from '../testing/eventually.ts';
import { startTestQstash, type TestQstash } from './testing/test-qstash.ts';

let qstash: TestQstash;

beforeAll(async () => {
  qstash = await startTestQstash();
});
afterAll(() => qstash.stop());

describe('a schedule', () => {
  it('is shown as it was made', async () => {
    const { scheduleId } = await qstash.client.schedules.create({
      destination: 'https://example.com/run',
      cron: ' */10 * * * * ',
      method: 'PUT',
      body: '{"hello":"world"}',
      headers: { 'test-header': 'test-value' },
      callback: 'https://example.com/done',
      failureCallback: 'https://example.com/dead',
      delay: 10,
      retries: 5,
      queueName: 'schedule-queue',
      label: ['a', 'b'],
    });
    const schedule = await qstash.client.schedules.get(scheduleId);
    expect(schedule).toMatchObject({
      scheduleId,
      cron: '*/10 * * * *',
      destination: 'https://example.com/run',
      method: 'PUT',
      header: { 'Content-Type': ['application/json'], 'Test-Header': ['test-value'] },
      body: '{"hello":"world"}',
      callback: 'https://example.com/done',
      failureCallback: 'https://example.com/dead',
      delay: 10,
      retries: 5,
      queueName: 'schedule-queue',
      labels: ['a', 'b'],
      isPaused: false,
    });
    expect((schedule.nextScheduleTime ?? 0) % 600_000).toBe(0);
    expect(schedule.nextScheduleTime).toBeGreaterThan(Date.now());
    expect((await qstash.client.schedules.list()).map((listed) => listed.scheduleId)).toContain(scheduleId);
    await qstash.client.schedules.delete(scheduleId);
    await expect(qstash.client.schedules.get(scheduleId)).rejects.toMatchObject({ status: 404 });
  });

  it('is replaced by another of its id, except for when it was made and whether it is paused', async () => {
    const scheduleId = 'nightly.report';
    await qstash.client.schedules.create({
      scheduleId,
      destination: 'https://one.example',
      cron: '0 1 * * *',
      body: 'x',
    });
    const { createdAt } = await qstash.client.schedules.get(scheduleId);
    await qstash.client.schedules.pause({ schedule: scheduleId });
    await qstash.client.schedules.create({ scheduleId, destination: 'https://two.example', cron: '0 2 * * *' });
    const replaced = await qstash.client.schedules.get(scheduleId);
    expect(replaced).toMatchObject({
      destination: 'https://two.example',
      cron: '0 2 * * *',
      createdAt,
      isPaused: true,
    });
    expect(replaced.body).toBeUndefined();
  });

  it('is paused and resumed by PATCH and by POST', async () => {
    const { scheduleId } = await qstash.client.schedules.create({
      destination: 'https://example.com',
      cron: '1 1 1 1 1',
    });
    const isPaused = async () => (await qstash.client.schedules.get(scheduleId)).isPaused;
    await qstash.client.schedules.pause({ schedule: scheduleId });
    expect(await isPaused()).toBe(true);
    await qstash.call('POST', `/v2/schedules/${scheduleId}/resume`);
    expect(await isPaused()).toBe(false);
    await qstash.call('POST', `/v2/schedules/${scheduleId}/pause`);
    expect(await isPaused()).toBe(true);
    await qstash.client.schedules.resume({ schedule: scheduleId });
    expect(await isPaused()).toBe(false);
  });

  it('publishes its message when it is fired, and tells how that went', async () => {
    const { scheduleId } = await qstash.client.schedules.create({
      destination: `${qstash.receiver.url}/fired?x=1`,
      cron: '0 0 1 1 *',
      body: 'tick',
      headers: { 'x-one': '1' },
    });
    await qstash.control(`schedules/${scheduleId}/fire`);
    const [delivery] = await qstash.receiver.waitFor(1, '/fired?x=1');
    expect(delivery).toMatchObject({ body: 'tick', headers: { 'x-one': '1', 'upstash-schedule-id': scheduleId } });
    const messageId = delivery?.headers['upstash-message-id'] ?? '';
    await eventually(async () => {
      const { lastScheduleTime, lastScheduleStates } = await qstash.client.schedules.get(scheduleId);
      expect(lastScheduleTime).toBeLessThanOrEqual(Date.now());
      expect(lastScheduleStates).toEqual({ [messageId]: 'SUCCESS' });
    });
    const { logs } = await qstash.client.logs({ filter: { scheduleId } });
    expect(logs.map(({ state }) => state)).toEqual(['DELIVERED', 'ACTIVE', 'CREATED']);
  });

  it('to a URL group publishes one message for each endpoint', async () => {
    const endpoints = ['/g1', '/g2'].map((path) => ({ url: qstash.receiver.url + path }));
    await qstash.client.urlGroups.addEndpoints({ name: 'scheduled', endpoints });
    const { scheduleId } = await qstash.client.schedules.create({ destination: 'scheduled', cron: '0 0 1 1 *' });
    await qstash.control(`schedules/${scheduleId}/fire`);
    const [first] = await qstash.receiver.waitFor(1, '/g1');
    const [second] = await qstash.receiver.waitFor(1, '/g2');
    expect([first, second].map((delivery) => delivery?.headers['upstash-topic-name'])).toEqual([
      'scheduled',
      'scheduled',
    ]);
  });

  it.each([
    [{ cron: 'every day' }, 400],
    [{ cron: '* * * * * *' }, 400],
    [{ cron: 'CRON_TZ=Nowhere/City * * * * *' }, 400],
    [{ scheduleId: 'a b' }, 400],
    [{ destination: 'ftp://example.com' }, 400],
    [{ destination: 'no-such-group' }, 404],
    [{ retryDelay: 'x' }, 400],
  ])('is refused with %j', async (wrong, status) => {
    const request = { destination: 'https://example.com', cron: '* * * * *', ...wrong };
    await expect(qstash.client.schedules.create(request)).rejects.toMatchObject({ status });
  });
});
