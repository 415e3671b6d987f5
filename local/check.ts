// npm run check: everything that can be said about the code without running it, a line each; what a failing step says is shown whole.
import { spawn } from 'node:child_process';
import { globSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import { gzipSync } from 'node:zlib';
import * as z from 'zod';
import { PROJECT } from './stack/local-folder.ts';
import { runStep } from './stack/progress.ts';

const BIN = join(PROJECT, 'node_modules/.bin');
const BUNDLE = join(PROJECT, 'edge-router/dist');
const BUNDLE_LIMIT_BYTES = 1_048_576;
const STEP_TIMEOUT_MS = 5 * 60_000;

type Check = {
  readonly name: string;
  readonly command: string;
  /** Looks at what the command has made; answers words for the step's line, and throws when it will not do. */
  readonly judge?: () => string;
};

const checks: readonly Check[] = [
  { name: 'format', command: 'oxfmt --check' },
  { name: 'lint', command: 'oxlint --deny-warnings' },
  { name: 'types', command: 'tsc -p tsconfig.json' },
  { name: "types of the Worker's code", command: 'tsc -p edge-router/tsconfig.json' },
  { name: "types of the Worker's settings", command: `${readTypesScript()} --check` },
  { name: 'unused code', command: 'knip' },
  { name: 'bundle', command: `wrangler deploy --dry-run --outdir ${BUNDLE}`, judge: weighBundle },
];

let failures = 0;
for (const check of checks) {
  await runCheck(check).catch((error: unknown) => {
    failures += 1;
    console.log(error instanceof Error ? error.message : error);
  });
}
console.log(failures === 0 ? 'All checks passed.' : `${failures} of ${checks.length} checks failed.`);
process.exitCode = failures === 0 ? 0 : 1;

function readTypesScript(): string {
  const manifest: unknown = JSON.parse(readFileSync(join(PROJECT, 'package.json'), 'utf8'));
  return z.object({ scripts: z.object({ types: z.string() }) }).parse(manifest).scripts.types;
}

async function runCheck({ name, command, judge }: Check): Promise<void> {
  await runStep(name, async () => {
    if (judge) rmSync(BUNDLE, { recursive: true, force: true });
    const { code, output } = await run(command);
    if (code !== 0) throw new Error(`${command} ended with ${code ?? 'a signal'}:\n${output.trimEnd()}`);
    return { value: null, done: judge ? `${name}: ${judge()}` : name };
  });
}

function run(command: string): Promise<{ code: number | null; output: string }> {
  const [program = '', ...args] = command.split(' ');
  return new Promise((resolve, reject) => {
    const child = spawn(join(BIN, program), args, {
      cwd: PROJECT,
      env: quietEnvironment(),
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: STEP_TIMEOUT_MS,
    });
    const chunks: Buffer[] = [];
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => chunks.push(chunk));
    child.once('error', reject);
    child.once('close', (code) =>
      resolve({ code, output: stripVTControlCharacters(Buffer.concat(chunks).toString('utf8')) }),
    );
  });
}

function quietEnvironment(): NodeJS.ProcessEnv {
  const quiet = {
    NO_COLOR: '1',
    CI: '1',
    WRANGLER_SEND_METRICS: 'false',
    WRANGLER_HIDE_BANNER: 'true',
    WRANGLER_WRITE_LOGS: 'false',
  };
  const environment: NodeJS.ProcessEnv = { ...process.env, ...quiet };
  delete environment['FORCE_COLOR'];
  return environment;
}

/** What Cloudflare stores: the code and the postal codes, without source maps and the note about them. */
function weighBundle(): string {
  const files = globSync('**/*', { cwd: BUNDLE }).filter((file) => !/(\.map|README\.md)$/.test(file));
  const bytes = files
    .map((file) => join(BUNDLE, file))
    .filter((file) => statSync(file).isFile())
    .reduce((total, file) => total + gzipSync(readFileSync(file)).length, 0);
  const size = `${bytes.toLocaleString('en-US')} bytes gzipped`;
  if (files.length === 0) throw new Error(`The bundle in ${BUNDLE} is empty.`);
  if (bytes <= BUNDLE_LIMIT_BYTES) return `${size} of ${BUNDLE_LIMIT_BYTES.toLocaleString('en-US')} allowed`;
  throw new Error(`The bundle has ${size}; ${BUNDLE_LIMIT_BYTES.toLocaleString('en-US')} are allowed.`);
}
