import type { Place } from '../../terms/cause.ts';
import type { StepPlan, StreamPlan } from '../../terms/plan.ts';
import type { StreamPrediction } from '../../terms/stream-prediction.ts';
import type { Prediction } from '../../terms/walk.ts';
import { keptText, type Kept } from './kept-connection.ts';
import { FIRST_REPETITION_MS, placesOf } from './predicted-outage.ts';
import { longest } from './step.ts';
import { courses, endedByServer, isKept, type Course, type World } from './world.ts';

/** Maximum number of distinct connection states of one stream. */
const MAX_KEPT = 12;

/** Courses of one stream's calls in one world. */
export interface StreamCourses {
  /** Over each existing connection. */
  next: Course[];
  /** Over a new connection. */
  fresh: Course[];
  /** Over that connection once it is open. */
  later: Course[];
  /** How existing connections end if their server sends first. */
  ends: Place[];
}

/** Calls to simulate in each world of a step. */
export interface StreamsInStep {
  streams: StreamPlan[];
  /** Existing connections, by stream. */
  kept: Map<string, Kept[]>;
  /** Whether the step changes anything. */
  moves: boolean;
}

export function coursesInWorld(world: World, { streams, kept, moves }: StreamsInStep): Map<string, StreamCourses> {
  const over = (stream: StreamPlan, all: Kept[]): Course[] => all.flatMap((one) => courses(world, stream, one));
  return new Map(
    streams.map((stream): [string, StreamCourses] => {
      const fresh = courses(world, stream, null);
      const opened = isKept(stream) ? openedBy(fresh) : [];
      const before = kept.get(stream.name) ?? [];
      const next = over(stream, before);
      const ends = moves ? before.flatMap((one) => endedByServer(world, stream, one)) : [];
      return [stream.name, { next, fresh, later: over(stream, distinctKept(opened)), ends }];
    }),
  );
}

export function coursesOf({ next, fresh, later }: StreamCourses): Course[] {
  return [...fresh, ...next, ...later];
}

/** Results of calls: over existing connections, and over new ones if there are none or some have ended. */
export function answersOf(stream: StreamPlan, { next, fresh, later }: StreamCourses): Prediction[] {
  if (!isKept(stream)) return predictions(fresh);
  const going = next.filter((one) => !isEnded(stream, one));
  const unopened = fresh.filter(findsNoPort);
  if (next.length > 0 && going.length === next.length) return predictions([...next, ...unopened]);
  // If a connection only lasts for one call, every other call opens one.
  const lastsOnce = later.some((one) => isEnded(stream, one));
  const opening = lastsOnce || !fresh.some(works) ? fresh : [];
  return predictions([...going, ...(opening.length > 0 ? opening : unopened), ...later]);
}

/**
 * Failures that occur once: of calls in flight, and of connections that are then reopened, possibly at the second attempt.
 */
export function endsOf(stream: StreamPlan, { next, fresh, ends }: StreamCourses): Place[] {
  if (!isKept(stream)) return [...placesOf(predictions(next)), ...ends];
  const ended = next.filter((one) => isEnded(stream, one));
  const opensSome = next.length === 0 || ended.length > 0;
  return [...placesOf(predictions([...ended, ...(opensSome && fresh.some(works) ? fresh : [])])), ...ends];
}

export function failuresOf(stream: StreamPlan, tried: StreamCourses): Place[] {
  return [...placesOf(answersOf(stream, tried)), ...endsOf(stream, tried)];
}

/**
 * Causes for which connections from an earlier step may still wait: TCP retransmits only after doubling the time waited
 * so far (RFC 6298, 5.5).
 */
export function stillWaiting(step: StepPlan, { next }: StreamCourses): Prediction[] {
  return next.flatMap((one) => (mayWait(step, one) ? [one.before!.waiting!.prediction] : []));
}

function mayWait(step: StepPlan, course: Course): boolean {
  const waiting = course.before?.waiting;
  return waiting !== undefined && works(course) && step.forMs < waiting.forMs + FIRST_REPETITION_MS;
}

/**
 * Connections at the end of a step, including waiting ones.
 * @param stall since when, and for which cause, some may still wait although calls would work again
 */
export function keptAfter(
  stream: StreamPlan,
  step: StepPlan,
  { next, fresh, later }: StreamCourses,
  stall: Kept['waiting'] | null,
): Kept[] {
  if (!isKept(stream)) return openedBy(fresh);
  const going = (all: Course[]): Kept[] =>
    all.flatMap((one) => (isEnded(stream, one) ? [] : [withWaiting(one, step, stall)]));
  const isWhole = next.length > 0 && !next.some((one) => isEnded(stream, one));
  return distinctKept([...going(next), ...(isWhole ? [] : going(later))]);
}

function withWaiting(course: Course, step: StepPlan, stall: Kept['waiting'] | null): Kept {
  const former = course.before?.waiting;
  if (course.run.exchange.protocol !== 'tcp') return course.kept!;
  if (!works(course)) {
    const forMs = (former?.forMs ?? 0) + longest(step);
    return { ...course.kept!, waiting: { forMs, prediction: course.prediction } };
  }
  const waiting = mayWait(step, course) ? { ...former!, forMs: former!.forMs - step.forMs } : stall;
  return waiting ? { ...course.kept!, waiting } : course.kept!;
}

/**
 * Fate of existing connections, otherwise of those opened in the step.
 * @param waiting causes for which some may still wait at the step's end
 */
export function fateOf(
  tries: StreamCourses[],
  passing: StreamCourses[],
  waiting: Prediction[],
): StreamPrediction['connections'] {
  const there = tries.flatMap(({ next }) => next);
  const followed = there.length > 0 ? there : tries.flatMap(({ later }) => later);
  if (followed.length === 0) return null;
  const going = followed.filter(works);
  // A caller refused in between opens another connection, and so does one whose server learns that there is none.
  const endedEarlier = passing.flatMap(({ next }) =>
    next.filter(({ isRefused, prediction }) => isRefused || prediction.cause?.code === 'connection-unknown'),
  );
  const byServer = [...tries, ...passing].flatMap(({ ends }) => ends);
  const unopened = tries.flatMap(({ fresh }) => fresh.filter(findsNoPort));
  const [why] = [...placesOf([...predictions([...followed, ...endedEarlier, ...unopened]), ...waiting]), ...byServer];
  if (going.length === 0) return { survive: 'none', cause: why ?? null };
  return why === undefined ? { survive: 'all', cause: null } : { survive: 'some', cause: why };
}

export function works({ prediction }: Course): boolean {
  return prediction.outcome === 'works';
}

/** A port only becomes free when another connection ends: a caller without one keeps failing while others continue. */
function findsNoPort({ prediction }: Course): boolean {
  return prediction.cause?.code === 'ports-exhausted';
}

/** Whether a connection is reopened after this. A UDP socket stays, regardless of ICMP errors. */
function isEnded({ protocol }: StreamPlan, { isRefused }: Course): boolean {
  return isRefused && protocol !== 'udp';
}

function openedBy(fresh: Course[]): Kept[] {
  return fresh.flatMap((one) => (works(one) && one.kept !== null ? [one.kept] : []));
}

function predictions(all: Course[]): Prediction[] {
  return all.map(({ prediction }) => prediction);
}

function distinctKept(all: Kept[]): Kept[] {
  return [...new Map(all.map((one) => [keptText(one), one])).values()].slice(0, MAX_KEPT);
}
