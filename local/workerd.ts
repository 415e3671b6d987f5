// The deployed bundle under workerd itself, without wrangler's development server: what is measured and killed in tests
// is what runs in production. Only the environment is local.
import { execFile, spawn, type ChildProcess } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { promisify } from 'node:util';
import { endWithParent, hasExited, stopChild } from './child-processes.ts';
import type { OnStarted } from './run-and-stop.ts';

const PROJECT = join(import.meta.dirname, '..');
const BUILD_TIMEOUT_MS = 120_000;
const START_TIMEOUT_MS = 20_000;
const PROBE_INTERVAL_MS = 25;

export interface BuildOptions {
  readonly outDir: string;
  /** Another Worker's wrangler.toml than the router's. */
  readonly configFile?: string;
  /** Is given what ends the build. */
  readonly onStarted?: OnStarted;
}

/** Bundles a Worker as `wrangler deploy` would, into `outDir`. About three seconds. */
export async function buildWorker({ outDir, configFile, onStarted }: BuildOptions): Promise<void> {
  const wrangler = join(PROJECT, 'node_modules/wrangler/bin/wrangler.js');
  const args = ['deploy', '--dry-run', '--outdir', outDir, ...(configFile ? ['--config', configFile] : [])];
  const build = promisify(execFile)(process.execPath, [wrangler, ...args], {
    cwd: PROJECT,
    timeout: BUILD_TIMEOUT_MS,
    env: { ...process.env, WRANGLER_SEND_METRICS: 'false', WRANGLER_WRITE_LOGS: 'false' },
  });
  onStarted?.(() => stopChild(build.child, [{ signal: 'SIGTERM', patienceMs: 3000 }]));
  await build;
}

export interface WorkerdOptions {
  /** Where `buildWorker` put the bundle. */
  readonly bundleDir: string;
  readonly port: number;
  /** Variables and secrets of the Worker, by name. */
  readonly bindings: Readonly<Record<string, string>>;
  /** Where a request with `?cron=` fires that Cron Trigger, and is answered when it is over. None where it is left out. */
  readonly cronPort?: number;
}

export interface Workerd {
  readonly url: string;
  /** What the Worker logged so far. */
  readonly readLog: () => string;
  readonly stop: () => Promise<void>;
  /** kill -9. */
  readonly kill: () => Promise<void>;
}

/** Starts the bundle and answers when it serves, whatever it says. Throws with workerd's output when it does not. */
export async function startWorkerd(options: WorkerdOptions): Promise<Workerd> {
  const configFile = join(options.bundleDir, `workerd-${options.port}.capnp`);
  writeFileSync(configFile, writeConfig(options), { mode: 0o600 });
  // To hand on a Cron Trigger is experimental; the router's own Worker has none of that.
  const flags = options.cronPort === undefined ? [] : ['--experimental'];
  const child = spawn(findWorkerd(), ['serve', ...flags, configFile], { stdio: ['ignore', 'pipe', 'pipe'] });
  endWithParent(child, 'TERM');
  const output: string[] = [];
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => output.push(String(chunk)));
  const url = `http://127.0.0.1:${options.port}`;
  const readLog = (): string => output.join('');
  await waitUntilServing({ child, url, readLog });
  return {
    url,
    readLog,
    stop: () => stopChild(child, [{ signal: 'SIGTERM', patienceMs: 3000 }]),
    kill: () => stopChild(child, []),
  };
}

function findWorkerd(): string {
  return createRequire(import.meta.url).resolve('workerd/bin/workerd');
}

async function waitUntilServing({
  child,
  url,
  readLog,
}: {
  child: ChildProcess;
  url: string;
  readLog: () => string;
}): Promise<void> {
  const deadline = Date.now() + START_TIMEOUT_MS;
  while (Date.now() < deadline && !hasExited(child)) {
    const isUp = await fetch(`${url}/healthz`).then(
      () => true,
      () => false,
    );
    if (isUp) return;
    await delay(PROBE_INTERVAL_MS);
  }
  await stopChild(child, []);
  throw new Error(`workerd does not serve: ${readLog().slice(-2000)}`);
}

function writeConfig({ bundleDir, port, bindings, cronPort }: WorkerdOptions): string {
  const modules = readdirSync(bundleDir)
    .filter((file) => file.endsWith('.bin'))
    .map((file) => `(name = ${quote(`./${file}`)}, data = embed ${quote(file)})`);
  const cron = cronPort === undefined ? NO_CRON : describeCron(cronPort);
  const texts = Object.entries(bindings).map(([name, value]) => `(name = ${quote(name)}, text = ${quote(value)})`);
  return `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [
    (name = "main", worker = .edgeRouter),
    (name = "internet", network = (allow = ["public", "private"], tlsOptions = (trustBrowserCas = true))),
    ${cron.service}
  ],
  sockets = [
    (name = "http", address = "127.0.0.1:${port}", http = (), service = "main"),
    ${cron.socket}
  ],
);
const edgeRouter :Workerd.Worker = (
  modules = [${[`(name = "index.js", esModule = embed "index.js")`, ...modules].join(', ')}],
  compatibilityDate = ${quote(readCompatibilityDate())},
  compatibilityFlags = ["nodejs_compat"],
  bindings = [${texts.join(', ')}],
);
${cron.worker}`;
}

const NO_CRON = { service: '', socket: '', worker: '' };

/** A Worker beside the router that does what Cloudflare does at the times of wrangler.toml. */
function describeCron(cronPort: number): typeof NO_CRON {
  const script = `export default {
  async fetch(request, { router }) {
    const cron = new URL(request.url).searchParams.get('cron');
    const { outcome } = await router.scheduled({ cron, scheduledTime: new Date() });
    return new Response(outcome, { status: outcome === 'ok' ? 200 : 500 });
  },
};`;
  return {
    service: '(name = "cron", worker = .cronTrigger),',
    socket: `(name = "cron", address = "127.0.0.1:${cronPort}", http = (), service = "cron"),`,
    worker: `const cronTrigger :Workerd.Worker = (
  modules = [(name = "cron.js", esModule = ${quote(script)})],
  compatibilityDate = ${quote(readCompatibilityDate())},
  compatibilityFlags = ["service_binding_extra_handlers"],
  bindings = [(name = "router", service = "main")],
);
`,
  };
}

function readCompatibilityDate(): string {
  const wranglerToml = readFileSync(join(PROJECT, 'wrangler.toml'), 'utf8');
  const date = /^compatibility_date = "([\d-]+)"$/m.exec(wranglerToml)?.[1];
  if (!date) throw new Error('wrangler.toml names no compatibility_date');
  return date;
}

/** A Cap'n Proto text literal; JSON's escapes are a subset of its own. */
function quote(text: string): string {
  return JSON.stringify(text);
}
