import type { Services } from '../services.ts';
import { succeed } from './respond.ts';
import type { Route } from './router.ts';

export function createKeyRoutes({ readSigningKeys, rotateSigningKeys }: Services): Route[] {
  return [
    { methods: ['GET'], path: '/v2/keys', handle: () => succeed(readSigningKeys()) },
    { methods: ['POST'], path: '/v2/keys/rotate', handle: async () => succeed(await rotateSigningKeys()) },
  ];
}
