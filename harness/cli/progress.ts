import type { OnEvent, RunEvent } from '../run/events.ts';

/** Shows a run as it goes on: on a terminal one line that is rewritten, elsewhere a line per scenario; failures at once. */
export function progress(out: NodeJS.WriteStream): OnEvent {
  return out.isTTY ? live(out) : lines(out);
}

function lines(out: NodeJS.WriteStream): OnEvent {
  const counts = new Map<string, { passed: number; all: number }>();
  return (event) => {
    if (event.event === 'started') out.write(`${event.flows} flows in ${event.scenarios} scenarios\n`);
    if (event.event === 'flow') {
      const count = counts.get(event.scenario) ?? { passed: 0, all: 0 };
      count.all += 1;
      count.passed += Number(event.result.verdict === 'pass');
      counts.set(event.scenario, count);
    }
    const bad = badNews(event);
    if (bad !== null) out.write(`${bad}\n`);
    if (event.event === 'scenario') {
      const { passed, all } = counts.get(event.scenario) ?? { passed: 0, all: 0 };
      out.write(
        `${passed === all ? '✓' : '✗'} ${event.scenario}: ${passed} of ${all} passed (${seconds(event.durationMs)})\n`,
      );
    }
  };
}

function live(out: NodeJS.WriteStream): OnEvent {
  let total = 0;
  let done = 0;
  const scenarios = new Map<string, string>();
  const draw = (): void => {
    const doing = [...scenarios].map(([name, what]) => `${name} ${what}`).join(' · ');
    out.write(`\r\u001b[2K${`[${done}/${total}] ${doing}`.slice(0, out.columns - 1)}`);
  };
  return (event) => {
    const bad = badNews(event);
    if (bad !== null) out.write(`\r\u001b[2K${bad}\n`);
    if (event.event === 'started') total = event.flows;
    if (event.event === 'booting') scenarios.set(event.scenario, 'booting');
    if (event.event === 'booted') scenarios.set(event.scenario, 'running');
    if (event.event === 'flow') done += 1;
    if (event.event === 'scenario') {
      scenarios.delete(event.scenario);
      out.write(`\r\u001b[2K✓ ${event.scenario} (${seconds(event.durationMs)})\n`);
    }
    draw();
    if (done === total && scenarios.size === 0) out.write('\r\u001b[2K');
  };
}

function badNews(event: RunEvent): string | null {
  if (event.event === 'not-run') return `! ${event.scenario} [${event.variant}] not run: ${event.reason}`;
  if (event.event !== 'flow' || event.result.verdict !== 'fail') return null;
  return `✗ ${event.scenario} [${event.variant}] ${event.result.name}: ${event.result.reasons.join(' ')}`;
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
