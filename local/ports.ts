import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';

const LOOPBACK = '127.0.0.1';
const MAX_PORT = 65_535;

const basePorts = {
  edge: 8787,
  highlevel: 8801,
  qstash: 8802,
  upstashRedis: 8803,
  neonHttp: 8804,
  redis: 8805,
  postgres: 8806,
  census: 8807,
  n8n: 5678,
  n8nRunners: 8808,
} as const;

export type PortName = keyof typeof basePorts;

/** Every port of the local stack, moved together by SWITCHYARD_PORT_OFFSET so that two checkouts can run side by side. */
export const ports: Readonly<Record<PortName, number>> = readPorts();

/** A setting of this kind ends whatever was about to start, with one line and before anything runs. */
function readPorts(): Record<PortName, number> {
  try {
    return shiftPorts(process.env['SWITCHYARD_PORT_OFFSET'] ?? '0');
  } catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exit(1);
  }
}

/** Throws one clear line when the offset is no whole number or leads outside the range of ports. */
export function shiftPorts(offsetText: string): Record<PortName, number> {
  const offset = Number(offsetText);
  const shifted = Object.entries(basePorts).map(([name, port]) => [name, port + offset] as const);
  const usable = shifted.every(([, port]) => Number.isInteger(port) && port > 0 && port <= MAX_PORT);
  if (offsetText.trim() === '' || !usable) {
    throw new Error(
      `SWITCHYARD_PORT_OFFSET must be a whole number that keeps every port within 1-${MAX_PORT}, not "${offsetText}"`,
    );
  }
  return Object.fromEntries(shifted) as Record<PortName, number>;
}

/** The one line a person reads when a part cannot listen. */
export function portTakenMessage({ name, port }: { name: string; port: number }): string {
  return `Port ${port} (${name}) is taken by another program: stop that program, or set SWITCHYARD_PORT_OFFSET (for example to 100) to move every port.`;
}

/** Throws `portTakenMessage` when nothing more can listen on the port. */
export async function assertPortFree({ name, port }: { name: string; port: number }): Promise<void> {
  try {
    await bindOnce(port);
  } catch (error) {
    if (isAddressInUse(error)) throw new Error(portTakenMessage({ name, port }), { cause: error });
    throw error;
  }
}

/** A port that was free a moment ago. For tests: another program may take it before you do. */
export function findFreePort(): Promise<number> {
  return bindOnce(0);
}

export function isAddressInUse(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
}

function bindOnce(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once('error', reject);
    probe.listen(port, LOOPBACK, () => {
      const bound = (probe.address() as AddressInfo).port;
      probe.close(() => resolve(bound));
    });
  });
}
