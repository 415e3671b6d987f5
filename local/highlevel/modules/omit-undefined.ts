type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** A field that is there without a value must not overwrite one that is kept. */
export function omitUndefined<T extends object>(value: T): Defined<T> {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as Defined<T>;
}
