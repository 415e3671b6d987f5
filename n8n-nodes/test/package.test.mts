// What a person gets who installs the package, and what n8n's own checks say of it.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { stripVTControlCharacters } from 'node:util';
import type { INodeProperties, INodeType } from 'n8n-workflow';
import { beforeAll, describe, expect, it } from 'vitest';
import manifest from '../package.json' with { type: 'json' };
import { loadNodes } from './testing/node-types.mts';

const FOLDER = dirname(import.meta.dirname);
const CLI = join(FOLDER, 'node_modules/@n8n/node-cli/bin/n8n-node.mjs');

let nodes: readonly INodeType[] = [];

beforeAll(async () => {
  nodes = Object.values(await loadNodes());
});

/** Runs n8n's own tool; what it says is in the failure. */
function runCli(command: string): void {
  const path = `${join(FOLDER, 'node_modules/.bin')}:${process.env['PATH'] ?? ''}`;
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, command], {
    cwd: FOLDER,
    // In Vitest's own environment, n8n's linter takes every file for one of its own tests.
    env: { ...process.env, NODE_ENV: 'production', PATH: path, CI: 'true' },
    encoding: 'utf8',
  });
  expect(status, stripVTControlCharacters(stdout + stderr)).toBe(0);
}

describe('the package', () => {
  it('passes n8n’s own linter in its strict mode', { timeout: 300_000 }, () => {
    expect(manifest.n8n.strict).toBe(true);
    runCli('lint');
    const suppressed = globSync('{nodes,credentials}/**/*.ts', { cwd: FOLDER }).filter((file) =>
      readFileSync(join(FOLDER, file), 'utf8').includes('eslint-disable'),
    );
    expect(suppressed).toEqual([]);
  });

  it('has nothing in its tarball but what n8n loads, and every node whole', { timeout: 300_000 }, () => {
    runCli('build');
    const folder = mkdtempSync(join(tmpdir(), 'switchyard-pack-'));
    try {
      const packed = execFileSync('npm', ['pack', '--json', '--pack-destination', folder], {
        cwd: FOLDER,
        encoding: 'utf8',
      });
      const [{ files }] = JSON.parse(packed) as [{ files: { path: string }[] }];
      const paths = files.map(({ path }) => path);
      const allowed =
        /^(package\.json|README\.md|LICENSE\.md|dist\/(nodes|credentials)\/[\w/.-]+\.(js|json)|dist\/icons\/[\w.-]+\.svg)$/;
      expect(paths.filter((path) => !allowed.test(path))).toEqual([]);
      expect(paths.filter((path) => /test|tsbuildinfo|\.map$/.test(path))).toEqual([]);
      for (const entry of [...manifest.n8n.nodes, ...manifest.n8n.credentials]) expect(paths).toContain(entry);
      for (const node of manifest.n8n.nodes) {
        expect(paths).toContain(node.replace(/\.js$/, '.json'));
        expect(
          paths.some((path) => path.startsWith(`${dirname(node)}/__schema__/`)),
          node,
        ).toBe(!/Trigger/.test(node));
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('meets the rules of verification that no linter checks', () => {
    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest.peerDependencies).toEqual({ 'n8n-workflow': '*' });
    expect(manifest.keywords).toContain('n8n-community-node-package');
    expect(Object.keys(manifest.scripts).filter((name) => /install|prepare/.test(name))).toEqual([]);
  });
});

describe('every node', () => {
  it('has two icons of its own, so that a pipeline reads as a picture', () => {
    const used = nodes.map(({ description }) => description.icon as { light: string; dark: string });
    const files = used.flatMap(({ light, dark }) => [light, dark]);
    expect(new Set(files).size).toBe(nodes.length * 2);
    for (const file of files) expect(existsSync(join(FOLDER, 'icons', file.split('/').at(-1) ?? ''))).toBe(true);
  });

  it('names itself in its codex as n8n will call it', () => {
    const codexes = globSync('nodes/*/*.node.json', { cwd: FOLDER }).map(
      (file) => (JSON.parse(readFileSync(join(FOLDER, file), 'utf8')) as { node: string }).node,
    );
    expect(codexes.toSorted()).toEqual(
      nodes.map(({ description }) => `${manifest.name}.${description.name}`).toSorted(),
    );
  });

  it('has words for every operation and sorted lists of five and more', () => {
    for (const { description } of nodes) {
      for (const parameter of description.properties) {
        const options = optionsOf(parameter);
        if (parameter.name === 'operation') {
          for (const option of options)
            expect(option, option.name).toMatchObject({ action: expect.any(String), description: expect.any(String) });
        }
        const names = options.map(({ name }) => name);
        if (names.length >= 5) expect(names).toEqual(names.toSorted((a, b) => a.localeCompare(b)));
      }
    }
  });

  it('uses in its subtitle only parameters that it has', () => {
    for (const { description } of nodes) {
      const used = [...(description.subtitle ?? '').matchAll(/\$parameter\["(\w+)"\]/g)].map(([, name]) => name);
      const known = description.properties.map(({ name }) => name);
      for (const name of used) expect(known, description.name).toContain(name);
    }
  });

  it('asks before it destroys', () => {
    const destructive = nodes.filter(({ description }) => /rollBack|onboardingBatch/.test(description.name));
    for (const { description } of destructive) {
      const confirm = description.properties.find(({ name }) => name === 'confirm');
      expect(confirm, description.name).toMatchObject({ type: 'boolean', default: false });
    }
  });
});

function optionsOf({ options = [] }: INodeProperties): { name: string; action?: string; description?: string }[] {
  return options.flatMap((option) => ('value' in option ? [option] : []));
}
