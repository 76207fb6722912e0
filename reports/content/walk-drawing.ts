import type { Cause } from '../../harness/terms/cause.ts';
import type { Walk } from '../../harness/terms/walk.ts';
import type { Plan } from '../../harness/terms/plan.ts';
import { type MacOwner, macOwners } from './mac-owners.ts';
import { changeText } from './change-text.ts';
import { type Crossing, changesOf, crossings, hopOf, lookOf, wireNotes } from './crossing.ts';
import { DIRECTION_TITLES, directionsOf } from './directions.ts';
import { foldLoops, foldText } from './loops.ts';
import { peersOf } from './peers.ts';
import { addressText } from './walk-text.ts';

export interface DrawingOptions {
  /** Maximum line length in characters; lanes may need more. */
  width: number;
  /** Where and why the walk ended early; null if it did not. */
  cause: Pick<Cause, 'code' | 'node'> | null;
}

const GUTTER = 4;
const LEAST_LANE = 8;
/** With less room than this beside the lanes, labels go below their arrow. */
const LEAST_TEXT = 34;

/**
 * The walk as a ladder in text: a lane per node, an arrow per wire, `◆` where the sender rewrote addresses or ports,
 * `✗` where a packet was lost and where the walk ended. Changes are beside their arrow.
 */
export function walkDrawing(walk: Walk, plan: Pick<Plan, 'nodes'>, { width, cause }: DrawingOptions): string {
  const [peerOf, ownerOf] = [peersOf(plan), macOwners(plan)];
  const directions = directionsOf(walk).map(({ leg, hops }) => ({
    title: DIRECTION_TITLES[leg],
    steps: crossings(hops, peerOf),
  }));
  if (directions.length === 0) return 'No packet of this flow was on a wire.\n';
  const all = directions.flatMap(({ steps }) => steps);
  const names = all.flatMap(({ from, to }) => [from, to]);
  const distinct = [...new Set(cause ? [...names, cause.node] : names)];
  const wide = lanesFor(distinct);
  const lanes = GUTTER + wide.width <= width ? wide : listFor(distinct);
  const left = GUTTER + lanes.width;
  const beside = width - left >= LEAST_TEXT;
  const rows = (number: string, picture: string, text_: string[][]): string[] => {
    const text = text_.flatMap((line) => wrapped(line, beside ? width - left : width - GUTTER));
    const first = `${number.padStart(GUTTER - 2)}  ${picture}`;
    if (!beside) return [...(first.trim() === '' ? [] : [first]), ...text.map((line) => ' '.repeat(GUTTER) + line)];
    const others = text.slice(1).map((line) => ' '.repeat(GUTTER) + lanes.idle() + line);
    return [first + (text[0] ?? ''), ...others];
  };
  const leg = (title: string, steps: Crossing[], offset: number): string[] => [
    ...rows('', lanes.idle(), [[title]]),
    ...foldLoops(steps, lookOf).flatMap(({ step, index, fold }) =>
      fold === null
        ? rows(String(offset + index + 1), lanes.arrow(step), whatIsNew(step, steps[index - 1], ownerOf))
        : rows('', lanes.idle(), [[foldText(fold)]]),
    ),
  ];
  const lines = [
    ...(lanes.names === '' ? [] : [' '.repeat(GUTTER) + lanes.names]),
    ...directions.flatMap(({ title, steps }) => leg(title, steps, all.indexOf(steps[0]!))),
    ...(cause ? rows('', lanes.end(cause.node), [[cause.code]]) : []),
  ];
  return lines.map((line) => `${line.trimEnd()}\n`).join('');
}

function lanesFor(names: string[]) {
  const lane = Math.max(LEAST_LANE, ...names.map((name) => name.length + 2));
  const at = (name: string): number => names.indexOf(name) * lane + Math.floor(lane / 2) - 1;
  const row = (): string[] => {
    const cells = Array<string>(names.length * lane).fill(' ');
    for (const name of names) cells[at(name)] = '│';
    return cells;
  };
  return {
    width: names.length * lane,
    names: names.map((name) => name.padStart(Math.ceil((lane - 1 + name.length) / 2)).padEnd(lane)).join(''),
    idle: (): string => row().join(''),
    end: (name: string): string => row().with(at(name), '✗').join(''),
    arrow({ from, to, out, in: arrived }: Crossing): string {
      const cells = row();
      const [start, end] = [at(from), at(to)];
      const step = Math.sign(end - start);
      for (let i = start + step; i !== end && step !== 0; i += step) cells[i] = '─';
      const rewrites = out?.changed.some(({ field }) => /ip|port/.test(field));
      cells[start] = step === 0 ? '↺' : out === null ? '│' : rewrites ? '◆' : '●';
      if (step !== 0) cells[end - step] = arrived === null ? '✗' : step > 0 ? '▶' : '◀';
      return cells.join('');
    },
  };
}

/** If lanes do not fit: sender and receiver as text. */
function listFor(names: string[]): ReturnType<typeof lanesFor> {
  const longest = Math.max(...names.map((name) => name.length));
  const width = 2 * longest + 5;
  return {
    width,
    names: '',
    idle: () => ' '.repeat(width),
    end: (name) => `✗ at ${name}`.padEnd(width),
    arrow: ({ from, to, in: arrived }) => `${from} ${arrived === null ? '✗' : '→'} ${to}`.padEnd(width),
  };
}

/** Labels of a crossing: lines of pieces; a piece is not broken if it fits. */
function whatIsNew(crossing: Crossing, before: Crossing | undefined, ownerOf: MacOwner): string[][] {
  const pair = (of: Crossing): string[] => [`${addressText(hopOf(of).src)} →`, addressText(hopOf(of).dst)];
  const changes = changesOf(crossing).map((change) => changeText(change, ownerOf));
  const isNew = !before || pair(before).join() !== pair(crossing).join();
  const notes = wireNotes(crossing);
  return [
    ...(notes.length === 0 ? [] : [notes]),
    ...(isNew ? [pair(crossing)] : []),
    changes.map((text, i) => (i < changes.length - 1 ? `${text},` : text)),
  ];
}

/** Wraps a line between its pieces, and a long piece between words. */
function wrapped(pieces: string[], width: number): string[] {
  const lines: string[] = [];
  for (const piece of pieces.flatMap((text) => (text.length <= width ? [text] : text.split(' ')))) {
    const last = lines.at(-1);
    if (last !== undefined && `${last} ${piece}`.length <= width) lines[lines.length - 1] = `${last} ${piece}`;
    else lines.push(piece);
  }
  return lines;
}
