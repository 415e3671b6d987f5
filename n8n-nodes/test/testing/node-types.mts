// The package's node types as n8n would load them, beside two of its own that every workflow here begins and ends with.
import { createRequire } from 'node:module';
import type { INodeType, INodeTypes, IVersionedNodeType } from 'n8n-workflow';
import { NodeHelpers } from 'n8n-workflow';
import manifest from '../../package.json' with { type: 'json' };

const require = createRequire(import.meta.url);
export const PACKAGE = manifest.name;

/** Every node that package.json names, by its full type, made from the TypeScript that the build compiles. */
export async function loadNodes(): Promise<Readonly<Record<string, INodeType>>> {
  const entries = await Promise.all(
    manifest.n8n.nodes.map(async (path) => {
      const source = path.replace(/^dist\//, '../../').replace(/\.js$/, '.ts');
      const name = /(\w+)\.node\.js$/.exec(path)?.[1] ?? '';
      const module = (await import(/* @vite-ignore */ source)) as Record<string, new () => INodeType>;
      const NodeClass = module[name];
      if (!NodeClass) throw new Error(`${path} has no class ${name}`);
      const node = new NodeClass();
      return [`${PACKAGE}.${node.description.name}`, node] as const;
    }),
  );
  return Object.fromEntries(entries);
}

const passOn: INodeType = {
  description: {
    displayName: 'Pass On',
    name: 'passOn',
    group: ['transform'],
    version: 1,
    description: '',
    defaults: { name: 'Pass On' },
    inputs: ['main'],
    outputs: ['main'],
    properties: [],
  },
  async execute() {
    return [this.getInputData()];
  },
};

export const START = 'test.start';
export const PASS_ON = 'test.passOn';

export function createNodeTypes(nodes: Readonly<Record<string, INodeType>>): INodeTypes {
  const start = { ...passOn, description: { ...passOn.description, name: 'start', inputs: [] } } as INodeType;
  const all: Readonly<Record<string, INodeType>> = { ...nodes, [START]: start, [PASS_ON]: passOn };
  const find = (type: string): INodeType => {
    const found = all[type];
    if (!found) throw new Error(`There is no node type ${type}`);
    return found;
  };
  return {
    getByName: find as (type: string) => INodeType | IVersionedNodeType,
    getByNameAndVersion: (type, version) => NodeHelpers.getVersionedNodeType(find(type), version),
    getKnownTypes: () => ({}),
  };
}

export { require };
