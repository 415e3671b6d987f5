import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { assertPortFree, findFreePort, ports, shiftPorts } from './ports.ts';

test('every part has a port of its own', () => {
  expect(new Set(Object.values(ports)).size).toBe(Object.keys(ports).length);
});

test('the offset moves every port by the same amount', () => {
  expect(shiftPorts('100')).toMatchObject({ edge: 8887, postgres: 8906, n8n: 5778 });
});

test.each(['ten', '1.5', '60000', '-9000', ''])('the offset "%s" is refused with its name', (offset) => {
  expect(() => shiftPorts(offset)).toThrow(/SWITCHYARD_PORT_OFFSET/);
});

test('a taken port is reported with the name of the part that wants it', async () => {
  const port = await findFreePort();
  const holder = createServer();
  await new Promise<void>((resolve) => {
    holder.listen(port, '127.0.0.1', resolve);
  });
  await expect(assertPortFree({ name: 'postgres', port })).rejects.toThrow(
    `Port ${port} (postgres) is taken by another program`,
  );
  await new Promise((resolve) => {
    holder.close(resolve);
  });
  await assertPortFree({ name: 'postgres', port });
});
