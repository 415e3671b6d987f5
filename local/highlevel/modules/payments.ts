// Payments through a provider of the app's own. Stripe and PayPal are connected by a person in HighLevel's pages.

import * as z from 'zod';
import { badRequest, succeed } from '../http/answers.ts';
import { defineRoute, type Answer, type Call } from '../http/route.ts';
import { createId } from '../identifiers.ts';
import type { Module, Services } from '../services.ts';
import type { Store } from '../store/store.ts';
import { app } from './app-installations.ts';

type PaymentProvider = {
  /** The sub-account's: it has one provider of the app. */
  readonly id: string;
  readonly providerId: string;
  readonly name: string;
  readonly description: string;
  readonly paymentsUrl: string;
  readonly queryUrl: string;
  readonly imageUrl: string;
  /** Which modes have keys; the keys themselves are not kept. */
  readonly connected: readonly ('live' | 'test')[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
};

const text = z.string().min(1).max(2000);
const listSchema = z.strictObject({ locationId: text });
const providerSchema = z.strictObject({
  name: text,
  description: text,
  paymentsUrl: z.url(),
  queryUrl: z.url(),
  imageUrl: z.url(),
  supportsSubscriptionSchedule: z.boolean(),
});
const keys = z.strictObject({ apiKey: text, publishableKey: text });
const connectSchema = z.strictObject({ live: keys, test: keys });
const disconnectSchema = z.strictObject({ liveMode: z.boolean() });

function providersTable(store: Store) {
  return store.collection<PaymentProvider>('payment_providers', { ownerOf: ({ id }) => id });
}

export function createPaymentsModule({ store }: Services): Module {
  const providers = providersTable(store);

  function create({ body, locationId, nowMs }: Call<z.output<typeof providerSchema>>): Answer {
    const { supportsSubscriptionSchedule: _, ...fields } = body;
    const known = providers.find(locationId);
    const { providerId = createId(), connected = [], createdAtMs = nowMs } = known ?? {};
    const made = { ...fields, id: locationId, providerId, connected, createdAtMs, updatedAtMs: nowMs };
    return succeed(describe(providers.put(made)));
  }

  function withProvider({ locationId }: Pick<Call, 'locationId'>, perform: (known: PaymentProvider) => Answer): Answer {
    const known = providers.find(locationId);
    return known === undefined ? badRequest('The location has no provider of this app') : perform(known);
  }

  function connect(call: Call<z.output<typeof connectSchema>>): Answer {
    return withProvider(call, (known) =>
      succeed(describe(providers.put({ ...known, connected: ['live', 'test'], updatedAtMs: call.nowMs }))),
    );
  }

  function disconnect(call: Call<z.output<typeof disconnectSchema>>): Answer {
    const gone = call.body.liveMode ? 'live' : 'test';
    return withProvider(call, (known) => {
      const connected = known.connected.filter((mode) => mode !== gone);
      providers.put({ ...known, connected, updatedAtMs: call.nowMs });
      return succeed({ success: true });
    });
  }

  function remove(call: Call): Answer {
    return withProvider(call, ({ id }) => succeed({ success: providers.remove(id) }));
  }

  const base = { version: '2021-07-28', security: ['Location-Access'], query: listSchema } as const;
  const provider = { ...base, path: '/payments/custom-provider/provider' } as const;
  const connection = { ...base, path: '/payments/custom-provider/connect' } as const;
  const writing = { scope: 'payments/custom-provider.write' };
  return {
    routes: [
      defineRoute({ ...provider, ...writing, method: 'POST', body: providerSchema, handle: create }),
      defineRoute({ ...provider, ...writing, method: 'DELETE', handle: remove }),
      defineRoute({
        ...connection,
        method: 'GET',
        scope: 'payments/custom-provider.readonly',
        handle: (call) => withProvider(call, (known) => succeed(describe(known))),
      }),
      defineRoute({ ...connection, ...writing, method: 'POST', body: connectSchema, handle: connect }),
      defineRoute({
        ...base,
        ...writing,
        method: 'POST',
        path: '/payments/custom-provider/disconnect',
        body: disconnectSchema,
        handle: disconnect,
      }),
    ],
    removeLocation: providers.removeByOwner,
  };
}

function describe({ id, providerId, connected, createdAtMs, updatedAtMs, ...shown }: PaymentProvider) {
  return {
    ...shown,
    _id: providerId,
    locationId: id,
    marketplaceAppId: app.id,
    paymentProvider: { live: connected.includes('live'), test: connected.includes('test') },
    deleted: false,
    createdAt: new Date(createdAtMs).toISOString(),
    updatedAt: new Date(updatedAtMs).toISOString(),
  };
}
