import { createHash, createHmac } from 'node:crypto';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { createKeyedHash, hashText } from './hash.ts';

it('hashes any text as others do', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 300 }), (text) => {
      expect(hashText(text)).toBe(createHash('sha256').update(text).digest('hex'));
    }),
  );
});

it('hashes under a key of any length as others do, one text after the other', () => {
  fc.assert(
    fc.property(fc.string({ minLength: 1, maxLength: 100 }), fc.array(fc.string(), { maxLength: 5 }), (key, texts) => {
      const hash = createKeyedHash(key);
      expect(texts.map(hash)).toEqual(texts.map((text) => createHmac('sha256', key).update(text).digest('hex')));
    }),
  );
});
