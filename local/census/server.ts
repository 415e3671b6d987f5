// A local stand-in for the US Census Bureau's batch geocoder: POST /geocoder/locations/addressbatch, a form with `addressFile` and
// `benchmark`, answered as CSV. It knows the addresses of examples/ and no others, and has none of the other services.
// What it follows: https://geocoding.geo.census.gov/geocoder/Geocoding_Services_API.html
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { closeServer, listenOnLoopback, readBody } from '../http-server.ts';
import { answerBatch } from './answer-batch.ts';
import { readExampleAddresses } from './gazetteer.ts';
import type { KnownAddress } from './gazetteer.ts';

/** The Bureau's own limit of a file. */
const MAX_REQUEST_BYTES = 5 * 1024 * 1024;
/** By name and by id. */
const BENCHMARKS = new Set(['Public_AR_Current', '4', 'Public_AR_ACS2025', '8', 'Public_AR_Census2020', '2020']);

export type CensusServer = { url: string; port: number; stop: () => Promise<void> };
type Answer = { status: number; type: string; body: string };

/** Starts the stand-in on 127.0.0.1 (`port` 0 takes a free one). Throws one clear line when the port is taken. */
export async function startCensus({ port: wanted }: { port: number }): Promise<CensusServer> {
  const known = readExampleAddresses();
  const server = createServer((request, response) => {
    answer(request, known)
      .catch(() => refuse(500, 'Internal error'))
      .then((answered) => send(response, answered))
      .catch(() => response.destroy());
  });
  const port = await listenOnLoopback(server, { name: 'census', port: wanted });
  return { url: `http://127.0.0.1:${port}`, port, stop: () => closeServer(server) };
}

async function answer(request: IncomingMessage, known: readonly KnownAddress[]): Promise<Answer> {
  const body = await readBody(request, MAX_REQUEST_BYTES);
  const { pathname } = new URL(request.url ?? '/', 'http://census');
  if (pathname !== '/geocoder/locations/addressbatch') return refuse(404, 'Not Found');
  if (request.method !== 'POST') return refuse(405, 'Method Not Allowed');
  if (!body.ok) return refuse(413, 'Maximum upload size exceeded');
  const form = await readForm(request.headers['content-type'] ?? '', body.value);
  const benchmark = form?.get('benchmark');
  const file = form?.get('addressFile');
  if (typeof benchmark !== 'string') return refuse(400, "Required parameter 'benchmark' is not present.");
  if (!BENCHMARKS.has(benchmark)) return refuse(400, 'Specified benchmark was not found');
  if (!(file instanceof Blob)) return refuse(400, "Required part 'addressFile' is not present.");
  const answered = answerBatch(await file.text(), known);
  return answered.ok
    ? { status: 200, type: 'text/csv;charset=UTF-8', body: answered.value }
    : refuse(400, answered.error);
}

async function readForm(contentType: string, body: string): Promise<FormData | null> {
  try {
    return await new Response(body, { headers: { 'content-type': contentType } }).formData();
  } catch {
    return null;
  }
}

function refuse(status: number, message: string): Answer {
  return { status, type: 'application/json', body: JSON.stringify({ errors: [message], status: String(status) }) };
}

function send(response: ServerResponse, { status, type, body }: Answer): void {
  response.statusCode = status;
  response.setHeader('content-type', type);
  response.setHeader('content-length', Buffer.byteLength(body));
  response.end(body);
}
