import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { PACKAGE } from '../api/package.ts';
import { untilInterrupted } from '../cli/until-interrupted.ts';
import { EXIT } from '../harness/errors.ts';
import { spread, type Spread } from './shared/spread.ts';

const LIMIT_MS = { works: 300, fails: 700 };
type Kind = keyof typeof LIMIT_MS;

/** A file to save, and its expected verdicts: each round changes a setting that does not affect the outcome. */
const SCENARIOS: Record<Kind, (round: number) => string> = {
  works: (round) => scenario(round, { loopback: '[web]', expect: 'works' }),
  fails: (round) => scenario(round, { loopback: '[]', expect: '{ outcome: fails, cause: vip-not-on-server }' }),
};

function scenario(round: number, { loopback, expect }: { loopback: string; expect: string }): string {
  return `title: Direct server return
lab: one-arm
servers: { gateway: l3, loopback: ${loopback}, arpIgnore: 1, arpAnnounce: 2, listeners: [80/tcp, 8080/tcp] }
services:
  web: { vip: 203.0.113.80, port: ${round % 2 === 0 ? 80 : 8080}, mode: dsr, pool: [s1, s2] }
flows:
  client-to-vip: { from: client, to: web, repeat: 4, expect: ${expect} }
  other-server-to-vip: { from: b1, to: web, repeat: 2, expect: ${expect} }
`;
}

/** `l4lab watch` in a project, and its output. */
class Watching {
  readonly #child;
  readonly #lines: { at: number; text: string }[] = [];
  #more: () => void = () => undefined;

  constructor(folder: string, signal: AbortSignal) {
    this.#child = spawn(process.execPath, [join(PACKAGE, 'setup/l4lab.mjs'), 'watch'], {
      cwd: folder,
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    signal.addEventListener('abort', () => this.#child.kill());
    createInterface({ input: this.#child.stdout }).on('line', (text) => {
      this.#lines.push({ at: performance.now(), text });
      this.#more();
    });
    this.#child.once('exit', () => {
      this.#lines.push({ at: performance.now(), text: 'ended' });
      this.#more();
    });
  }

  /** Reads output until a matching line. @throws Error if the watch ends first */
  async until(holds: (text: string) => boolean): Promise<{ at: number; text: string }[]> {
    const lines = [];
    for (;;) {
      const line = this.#lines.shift();
      if (line === undefined) await new Promise<void>((resolve) => (this.#more = resolve));
      else if (line.text === 'ended') throw new Error('the watch has ended');
      else {
        lines.push(line);
        if (holds(line.text)) return lines;
      }
    }
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.until(() => false).catch(() => undefined);
  }
}

/** Measures the time from a save to each verdict on a warm lab: `npm run bench:watch -- --rounds 20`. */
async function main(signal: AbortSignal): Promise<number> {
  const { values } = parseArgs({ options: { rounds: { type: 'string', default: '20' } } });
  const folder = mkdtempSync(join(tmpdir(), 'l4lab-bench-watch-'));
  const file = (kind: Kind): string => join(folder, `scenarios/${kind}.yaml`);
  mkdirSync(dirname(file('works')));
  writeFileSync(join(folder, 'package.json'), '{}');
  const kinds = Object.keys(SCENARIOS) as Kind[];
  for (const kind of kinds) writeFileSync(file(kind), SCENARIOS[kind](0));
  const load = loadavg()[0]!;
  const took: Record<Kind, number[]> = { works: [], fails: [] };
  const watching = new Watching(folder, signal);
  const isOver = (text: string): boolean => text.startsWith('Report:');
  try {
    await watching.until(isOver);
    for (let round = 1; round <= Number(values.rounds); round++) {
      for (const kind of kinds) {
        const saved = performance.now();
        writeFileSync(file(kind), SCENARIOS[kind](round));
        const lines = await watching.until(isOver);
        const verdicts = lines.filter(({ text }) => text.startsWith(`✓ ${kind} [`));
        if (verdicts.length !== 2) throw new Error(`not as expected:\n${lines.map(({ text }) => text).join('\n')}`);
        took[kind].push(...verdicts.map(({ at }) => at - saved));
      }
    }
  } finally {
    await watching.end();
    rmSync(folder, { recursive: true, force: true });
  }
  console.log(`from a save to a verdict, ${values.rounds} rounds; load before ${load.toFixed(1)}`);
  const within = kinds.map((kind) => tell(kind, spread(took[kind])));
  return within.every(Boolean) ? EXIT.ok : EXIT.failed;
}

/** @returns whether the median is within its limit */
function tell(kind: Kind, { min, median, max }: Spread): boolean {
  const isWithin = median <= LIMIT_MS[kind];
  const limit = `${isWithin ? 'within' : 'NOT within'} ${LIMIT_MS[kind]} ms`;
  console.log(`a flow that ${kind}: median ${median.toFixed(0)} ms (${min.toFixed(0)} to ${max.toFixed(0)}), ${limit}`);
  return isWithin;
}

await untilInterrupted(main);
