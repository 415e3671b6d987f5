const FAULTS = ['duplicate', 'forget', 'crash'] as const;

/**
 * Faults to be made on purpose, each for the next so many deliveries. `duplicate`: the request goes out twice at once.
 * `forget`: a success is not written down, as after a crash, and the message is delivered again. `crash`: the process
 * dies after a success, before it is written down.
 */
type FaultName = (typeof FAULTS)[number];

export type Faults = ReturnType<typeof createFaults>;

export function isFaultName(text: string): text is FaultName {
  return FAULTS.some((name) => name === text);
}

export function createFaults() {
  const left: Record<FaultName, number> = { duplicate: 0, forget: 0, crash: 0 };

  return {
    set: (name: FaultName, count: number): void => {
      left[name] = count;
    },
    /** True when the fault is due now, and counts it. */
    take(name: FaultName): boolean {
      if (left[name] <= 0) return false;
      left[name]--;
      return true;
    },
    describe: (): Readonly<Record<FaultName, number>> => ({ ...left }),
  };
}
