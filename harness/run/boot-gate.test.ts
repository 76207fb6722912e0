import fc from 'fast-check';
import { BootGate } from './boot-gate.ts';

/** Work that ends on request, and the names of current work. */
function workshop(): { begin: (name: string) => () => Promise<void>; end: (name: string) => void; busy: Set<string> } {
  const busy = new Set<string>();
  const ends = new Map<string, () => void>();
  const begin = (name: string) => async (): Promise<void> => {
    busy.add(name);
    await new Promise<void>((resolve) => ends.set(name, resolve));
    busy.delete(name);
  };
  return { begin, end: (name) => ends.get(name)!(), busy };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('boots and failing flows take turns', () => {
  test('a flow waits for the current boot, and the next boot for that flow', async () => {
    const gate = new BootGate();
    const { begin, end, busy } = workshop();
    void gate.enter('boot', begin('boot 1'));
    void gate.enter('boot', begin('boot 2'));
    void gate.enter('wait', begin('flow'));
    void gate.enter('boot', begin('boot 3'));
    await settle();
    expect([...busy]).toEqual(['boot 1', 'boot 2']);
    end('boot 1');
    await settle();
    expect([...busy]).toEqual(['boot 2']);
    end('boot 2');
    await settle();
    expect([...busy]).toEqual(['flow']);
    end('flow');
    await settle();
    expect([...busy]).toEqual(['boot 3']);
  });

  test('failed work ends its turn', async () => {
    const gate = new BootGate();
    const boot = gate.enter('boot', () => Promise.reject(new Error('no such image')));
    await expect(boot).rejects.toThrow('no such image');
    expect(await gate.enter('wait', () => Promise.resolve('ran'))).toBe('ran');
  });

  test('in any order all work is done, and never both kinds at once', async () => {
    const kinds = fc.array(fc.record({ kind: fc.constantFrom('boot' as const, 'wait' as const), gate: fc.nat(3) }));
    await fc.assert(
      fc.asyncProperty(kinds, async (jobs) => {
        const gate = new BootGate();
        const busy = { boot: 0, wait: 0 };
        let done = 0;
        await Promise.all(
          jobs.map(({ kind, gate: length }) =>
            gate.enter(kind, async () => {
              busy[kind] += 1;
              expect(Math.min(busy.boot, busy.wait)).toBe(0);
              for (let i = 0; i < length; i++) await Promise.resolve();
              busy[kind] -= 1;
              done += 1;
            }),
          ),
        );
        expect(done).toBe(jobs.length);
      }),
    );
  });
});
